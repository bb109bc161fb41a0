package reswise.classifier;

/** One model at one resolution, or the look of a learned selector: a signature of a file. */
final class Rung {
    final String name; // mobilenet_v2@160
    final int resolution; // pixels
    final String file;
    final String signature; // empty: the file's only graph
    final long macs;
    final Tensor input;
    final Tensor output;
    final Way way;

    private Rung(Facts facts, String name, int resolution, long macs, Way way) {
        this.name = name;
        this.resolution = resolution;
        this.macs = macs;
        this.way = way;
        file = facts.file("file");
        signature = facts.textOrEmpty("signature", 200);
        facts.whole("subgraph", 0, 255);
        input = Tensor.read(facts.object("input"));
        output = Tensor.read(facts.object("output"));
        check(facts, 1, resolution, resolution, 3);
    }

    static Rung read(Facts facts) {
        facts.only(
                "rung", "model", "resolution", "recipe", "file", "signature", "subgraph", "macs",
                "parameters", "input", "output", "preprocessing");
        String name = facts.text("rung", 200);
        int resolution = (int) facts.whole("resolution", 1, 4096);
        String expected = facts.text("model", 200) + "@" + resolution;
        if (!name.equals(expected)) {
            throw facts.wrong("rung", Json.shown(name), Json.shown(expected));
        }
        facts.text("recipe", 200);
        facts.whole("parameters", 0, MOST_COUNT);
        long macs = facts.whole("macs", 0, MOST_COUNT);
        Way way = Way.read(facts.object("preprocessing"));
        Rung rung = new Rung(facts, name, resolution, macs, way);
        if (rung.classes() < 2 || rung.output.size() != rung.classes()) {
            throw facts.wrong("output", "no list of scores", "one score a class, as (1, 1000)");
        }
        return rung;
    }

    /** @param way the crop of the rungs, so that the look sees the same part. */
    static Rung look(Facts facts, int rungs, Way way) {
        facts.only("file", "signature", "subgraph", "input", "output");
        Rung look = new Rung(facts, "look", Thumbnail.SIDE, 0, way);
        if (look.output.size() != rungs) {
            throw facts.wrong("output", look.output.size() + " chances", rungs + ", one a rung");
        }
        return look;
    }

    private static final long MOST_COUNT = 1_000_000_000_000_000L;

    int classes() {
        return output.shape[output.shape.length - 1];
    }

    private void check(Facts facts, int... shape) {
        if (!java.util.Arrays.equals(input.shape, shape)) {
            throw facts.wrong(
                    "input", java.util.Arrays.toString(input.shape),
                    java.util.Arrays.toString(shape));
        }
    }
}
