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
    final String scores; // how the output is read, one of Scores.KINDS
    final Preprocessing preprocessing;

    private Rung(Facts facts, String name, int resolution, long macs, Preprocessing preprocessing) {
        this.name = name;
        this.resolution = resolution;
        this.macs = macs;
        this.preprocessing = preprocessing;
        file = facts.file("file");
        signature = facts.textOrEmpty("signature", 200);
        facts.whole("subgraph", 0, 255);
        input = Tensor.read(facts.object("input"));
        output = Tensor.read(facts.object("output"));
        scores = facts.oneOfOr(Scores.PROBABILITIES, "scores", Scores.KINDS);
        check(facts, 1, resolution, resolution, 3);
    }

    static Rung read(Facts facts) {
        facts.onlyOr(
                "scores",
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
        Preprocessing preprocessing = Preprocessing.read(facts.object("preprocessing"));
        Rung rung = new Rung(facts, name, resolution, macs, preprocessing);
        rung.checkOutput(facts);
        PixelCodes.check(facts);
        return rung;
    }

    /** @param preprocessing the crop of the rungs, so that the look sees the same part. */
    static Rung look(Facts facts, int rungs, Preprocessing preprocessing) {
        facts.only("file", "signature", "subgraph", "input", "output");
        Rung look = new Rung(facts, "look", Thumbnail.SIDE, 0, preprocessing);
        if (look.output.size() != rungs) {
            throw facts.wrong("output", look.output.size() + " chances", rungs + ", one a rung");
        }
        return look;
    }

    private static final long MOST_COUNT = 1_000_000_000_000_000L;

    /** That it tells apart: two where its output is one unit. */
    int classes() {
        return Scores.ofOneUnit(scores) ? 2 : outputs();
    }

    private int outputs() {
        return output.shape[output.shape.length - 1];
    }

    private void checkOutput(Facts facts) {
        String shape = "of shape " + java.util.Arrays.toString(output.shape);
        if (Scores.ofOneUnit(scores) && outputs() != 1) {
            throw facts.wrong("output", shape + " with scores " + scores, "one unit, as [1, 1]");
        }
        if (output.size() != outputs() || classes() < 2) {
            throw facts.wrong(
                    "output", shape,
                    "one score a class, as [1, 1000], or for one unit scores one_probability or "
                            + "one_logit");
        }
    }

    private void check(Facts facts, int... shape) {
        if (!java.util.Arrays.equals(input.shape, shape)) {
            throw facts.wrong(
                    "input", java.util.Arrays.toString(input.shape),
                    java.util.Arrays.toString(shape));
        }
    }
}
