package reswise.classifier;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Cases counted by hand, without a framework. */
final class OwnTest {
    private static int failed = 0;

    private OwnTest() {}

    /** Runs them; gives how many failed. */
    static int run() {
        readsJson();
        readsConfidences();
        readsOutputs();
        climbs();
        answersWithTheMean();
        followsRules();
        looks();
        draws();
        storesNumbers();
        turnsSquares();
        decodesAtAScale();
        return failed;
    }

    private static Facts facts(String json) {
        return Facts.of(Json.parse(json, "test"), "test");
    }

    private static Selector selector(String json) {
        return Selector.read(facts(json));
    }

    private static void readsJson() {
        Map<?, ?> read =
                (Map<?, ?>) Json.parse(" {\"a\": [1, -2.5e1, true, null, \"\\u00e9\\n\"]} ", "");
        check("[1, -25.0, true, null, \u00e9\n]".equals(read.get("a").toString()), "JSON");
        for (String bad : new String[] {
            "", "{", "[1,]", "{\"a\" 1}", "[1] 2", "\"\\x\"", "nul", "01", "1.", ".5", "+1", "1e",
            "-", "\"\\u00g0\"", "\"\\ud800\"", "{\"a\":1,\"a\":2}", "1e999", "\"\t\""
        }) {
            boolean refused = false;
            try {
                Json.parse(bad, "");
            } catch (BundleException expected) {
                refused = true;
            }
            check(refused, "JSON that is none: " + bad);
        }
    }

    private static void readsConfidences() {
        float[] scores = {0.125f, 0.625f, 0.25f, 0};
        near(0.625, Scores.confidence("top1", scores, 1));
        near(0.375, Scores.confidence("margin", scores, 1));
        // entropy of halves, quarters, eighths in bits: 1/2 + 2/4 + 2 * 3/8, of 2 at most
        near(1 - 1.75 / 2, Scores.confidence("entropy", new float[] {.5f, .25f, .125f, .125f}, 1));
        // temperature 1/2 squares the scores: 0.64 / (0.64 + 0.04)
        near(0.64 / 0.68, Scores.confidence("calibrated", new float[] {0.8f, 0.2f}, 0.5));
    }

    private static void readsOutputs() {
        float[] given = {0.25f, 0.75f};
        check(Scores.read(null, given) == given, "probabilities as they come");
        check(Scores.read("probabilities", given) == given, "the same by name");
        // logits ln 1, ln 3 are quarters; a shift of 1000 changes nothing
        for (float shift : new float[] {0, 1000}) {
            float[] logits = {shift, shift + (float) Math.log(3)};
            near(0.25, Scores.read("logits", logits)[0], 1e-4);
            near(0.75, Scores.read("logits", logits)[1], 1e-4);
        }
        float[] one = Scores.read("one_probability", new float[] {0.875f});
        check(one.length == 2 && one[0] == 0.125f && one[1] == 0.875f, "one unit, two classes");
        check(Scores.read("one_probability", new float[] {1.004f})[0] == 0, "a step above 1");
        near(0.75, Scores.read("one_logit", new float[] {(float) Math.log(3)})[1]);
        check(Scores.read("one_logit", new float[] {-1e9f})[1] == 0, "far below");
    }

    private static void climbs() {
        String facts = "\"confidence\":\"margin\",\"temperatures\":[],\"thresholds\":[0.5]";
        check("a@1".equals(run(climb("cascade", "last", facts), .75f, .25f)), "sure at once");
        check("a@1,b@2".equals(run(climb("cascade", "last", facts), .5f, .25f)), "not sure");
        check(
                "a@1,b@2".equals(run(climb("cascade", "last", facts.replace("0.5", "2")), 1, 0)),
                "a threshold of 2 never stops");
    }

    private static void answersWithTheMean() {
        String facts = "\"confidence\":\"top1\",\"temperatures\":[],\"thresholds\":[0.9]";
        Selector selector = selector(climb("cascade", "mean", facts));
        Selector.Image image = selector.image("x");
        image.answer(selector.next(image), new float[] {0.75f, 0.25f});
        image.answer(selector.next(image), new float[] {0, 1});
        check(selector.next(image) == null, "the ladder ends");
        near(0.375, selector.answer(image)[0]);
        near(0.625, selector.answer(image)[1]);
    }

    private static void followsRules() {
        // the second feature is the second score: g = 1 - 4 x 0.25 = 0, confidence 0.5
        String linear = "{\"rule\":\"linear\",\"intercept\":1,\"weights\":[0,-4,0,0,0,0]}";
        String facts = "\"thresholds\":[0.5],\"rules\":[" + linear + "]";
        check("a@1".equals(run(climb("deferral", "last", facts), .75f, .25f)), "half is enough");
        check("a@1,b@2".equals(run(climb("deferral", "last", facts), .8f, .2f)), "it is not");
        String tree =
                "{\"feature\":[5,-1,-1],\"threshold\":[0.5,0,0],\"left\":[1,0,0],"
                        + "\"right\":[2,0,0],\"value\":[0,3,-3]}";
        String trees = "{\"rule\":\"trees\",\"intercept\":0,\"trees\":[" + tree + "]}";
        facts = "\"thresholds\":[0.5],\"rules\":[" + trees + "]";
        check("a@1,b@2".equals(run(climb("deferral", "last", facts), .75f, .25f)), "left: climb");
        check("a@1".equals(run(climb("deferral", "last", facts), .8f, .2f)), "right: stay");
    }

    private static void looks() {
        String row = "[0,0]" + ",[0,0]".repeat(Thumbnail.FEATURES - 1);
        String learned =
                "{\"kind\":\"learned\",\"ladder\":[\"a@1\",\"b@2\"],\"costs\":[0.25,1],"
                        + "\"price\":0.5,\"layers\":[{\"weights\":[" + row
                        + "],\"biases\":[0,0]}]}";
        Selector selector = selector(learned);
        Selector.Image image = selector.image("x");
        image.chances(new double[] {0.5, 0.875}); // 0.5 - 0.125 = 0.875 - 0.5: the first
        check("a@1".equals(selector.next(image)), "of equal worth the cheaper");
        image.chances(new double[] {0.5, 0.9});
        check("b@2".equals(selector.next(image)), "worth its price");
        check(selector.ownMacs() == Thumbnail.MACS + 42, "21 x 2 multiplications of the net");
    }

    private static void draws() {
        String facts =
                "{\"kind\":\"random\",\"ladder\":[\"a@1\",\"b@2\"],\"weights\":[1,3],\"seed\":7}";
        Selector selector = selector(facts);
        int cheap = 0;
        for (int i = 0; i < 4000; i++) {
            cheap += "a@1".equals(selector.next(selector.image("picture " + i))) ? 1 : 0;
        }
        check(Math.abs(cheap - 1000) < 110, cheap + " of 4000 drawn, not about a quarter");
    }

    private static void storesNumbers() {
        String facts =
                "{\"name\":\"x\",\"dtype\":\"uint8\",\"shape\":[1],\"scale\":0.5,"
                        + "\"zero_point\":128}";
        Tensor tensor = Tensor.read(facts(facts));
        int[] stored = {tensor.stored(0.25f), tensor.stored(0.75f), tensor.stored(1e9f)};
        check(stored[0] == 128 && stored[1] == 130 && stored[2] == 255, "halves to even, clipped");
        near(-64, tensor.real(0));
    }

    private static String climb(String kind, String answer, String facts) {
        return "{\"kind\":\"" + kind + "\",\"answer\":\"" + answer + "\","
                + "\"ladder\":[\"a@1\",\"b@2\"]," + facts + "}";
    }

    /** The rungs run on an image of two scores, the same on each rung. */
    private static String run(String facts, float... scores) {
        Selector selector = selector(facts);
        Selector.Image image = selector.image("x");
        List<String> run = new ArrayList<>();
        for (String rung; (rung = selector.next(image)) != null; run.add(rung)) {
            image.answer(rung, scores);
        }
        return String.join(",", run);
    }

    private static void turnsSquares() {
        // numbered   0 1   turned clockwise   2 0
        //            2 3                      3 1
        float[] square = new float[12];
        for (int i = 0; i < 12; i++) {
            square[i] = i / 3;
        }
        String[] expected = {"0123", "1032", "3210", "2301", "0213", "2031", "3120", "1302"};
        for (int exif = 1; exif <= 8; exif++) {
            float[] turned = Orientation.upright(square, 2, exif);
            StringBuilder seen = new StringBuilder();
            for (int i = 0; i < 12; i += 3) {
                seen.append((int) turned[i]);
            }
            check(expected[exif - 1].contentEquals(seen), "orientation " + exif + ": " + seen);
        }
    }

    private static void decodesAtAScale() {
        check(Decoding.sample(3000, 256) == 8, "3000 / 8 = 375 keeps 256");
        check(Decoding.sample(1023, 256) == 2, "1023 / 4 = 255 does not");
        check(Decoding.sample(256, 256) == 1, "nothing to spare");
        check(Decoding.sample(100_000, 1) == 8, "libjpeg ends at 8");
    }

    private static void near(double expected, double found) {
        near(expected, found, 1e-6);
    }

    private static void near(double expected, double found, double most) {
        check(Math.abs(expected - found) < most, "expected " + expected + ", found " + found);
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            failed++;
            System.out.println("FAILED: " + what);
        }
    }
}
