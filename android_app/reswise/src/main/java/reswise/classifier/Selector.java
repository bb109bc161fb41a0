package reswise.classifier;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;

/**
 * The selector of a bundle's manifest.json: which rung to run next on an image.
 *
 * <pre>
 *   Selector selector = Selector.read(facts);
 *   Selector.Image image = selector.image("IMG_0001.jpg");
 *   for (String rung; (rung = selector.next(image)) != null; ) {
 *       image.answer(rung, run(rung, picture));  // probabilities, one a class
 *   }
 *   int best = Scores.best(selector.answer(image));
 * </pre>
 *
 * It decides as the Python package does; its test holds the two against each other.
 */
abstract class Selector {
    /** The rungs that it chooses from, in ascending cost. */
    final String[] ladder;

    private final boolean mean;

    Selector(Facts facts) {
        ladder = facts.texts("ladder", 1, 256);
        mean = facts.has("answer") && meanOf(facts);
        if (new HashSet<>(Arrays.asList(ladder)).size() < ladder.length) {
            throw facts.wrong("ladder", "with a rung twice", "each rung once");
        }
    }

    /** Whether the answer is the mean of all answers paid for, not the last one. */
    static boolean meanOf(Facts facts) {
        return facts.oneOf("answer", "last", "mean").equals("mean");
    }

    /** What is known of one image. */
    static final class Image {
        final String id;
        final float[][] answers; // by place in the ladder; null: not run
        double[] look; // features of the thumbnail, for the learned selector
        double[] chances; // or what the look's .tflite gave: one a rung
        private final String[] ladder;

        private Image(String id, String[] ladder) {
            this.id = id;
            this.ladder = ladder;
            answers = new float[ladder.length][];
        }

        /** The probabilities that a rung gave, dequantised and `Scores.read`: one a class. */
        void answer(String rung, float[] scores) {
            answers[Arrays.asList(ladder).indexOf(rung)] = scores;
        }

        /** The features of the thumbnail, as selection/selectors/thumbnail.py has them. */
        void look(double[] features) {
            look = features;
        }

        /** The chance that each rung is right, as the manifest's look model gives it. */
        void chances(double[] chances) {
            this.chances = chances;
        }

        int run() {
            int count = 0;
            while (count < answers.length && answers[count] != null) {
                count++;
            }
            return count;
        }
    }

    /**
     * The selector of its JSON object.
     *
     * @throws BundleException a kind that this version does not know, or facts that do not fit.
     */
    static Selector read(Facts facts) {
        switch (facts.oneOf("kind", "fixed", "random", "cascade", "deferral", "learned")) {
            case "fixed":
                return new Fixed(facts);
            case "random":
                return new Random(facts);
            case "cascade":
                return new Climb.Cascade(facts);
            case "deferral":
                return new Climb.Deferral(facts);
            default:
                return new Learned(facts);
        }
    }

    /** Multiplications of its own for each image, beside those of the rungs. */
    long ownMacs() {
        return 0;
    }

    Image image(String id) {
        return new Image(id, ladder);
    }

    /** The rung to run next; null: keep what was answered. */
    abstract String next(Image image);

    /** The answer, once next is null: the last rung's scores, or the mean of all run. */
    float[] answer(Image image) {
        if (mean) {
            return Scores.mean(image.answers, image.run());
        }
        float[] last = null;
        for (float[] one : image.answers) {
            last = one == null ? last : one;
        }
        return last;
    }

    /** The rung at a place, unless it has answered. */
    final String once(Image image, int place) {
        return image.answers[place] == null ? ladder[place] : null;
    }

    private static final class Fixed extends Selector {
        Fixed(Facts facts) {
            super(facts);
            facts.only("kind", "ladder");
            if (ladder.length > 1) {
                throw facts.wrong("ladder", "of " + ladder.length + " rungs", "one rung");
            }
        }

        @Override
        String next(Image image) {
            return once(image, 0);
        }
    }

    /** Drawn by the image's id; selection/selectors/random_choice.py says how. */
    private static final class Random extends Selector {
        private final double[] ends;
        private final long seed;

        Random(Facts facts) {
            super(facts);
            facts.only("kind", "ladder", "weights", "seed");
            int rungs = ladder.length;
            double[] weights = facts.numbers("weights", rungs, rungs, 0, 1e9);
            seed = facts.whole("seed", -(1L << 53) + 1, (1L << 53) - 1);
            double sum = 0;
            for (double weight : weights) {
                sum += weight;
            }
            if (sum == 0) {
                throw facts.wrong("weights", "all 0", "a weight above 0");
            }
            ends = new double[weights.length];
            double end = 0;
            for (int i = 0; i < ends.length; i++) {
                end += weights[i] / sum;
                ends[i] = end;
            }
            ends[ends.length - 1] = 1; // whatever rounding made of it
        }

        @Override
        String next(Image image) {
            long mixed = splitmix64(fnv1a(image.id) ^ splitmix64(seed));
            double fraction = (mixed >>> 11) / 9007199254740992.0; // 2^53
            int place = 0;
            while (ends[place] <= fraction) {
                place++;
            }
            return once(image, place);
        }

        private static long fnv1a(String id) {
            long state = 0xCBF29CE484222325L;
            for (byte one : id.getBytes(StandardCharsets.UTF_8)) {
                state = (state ^ (one & 0xFF)) * 0x100000001B3L;
            }
            return state;
        }

        private static long splitmix64(long seed) {
            long state = seed + 0x9E3779B97F4A7C15L;
            state = (state ^ (state >>> 30)) * 0xBF58476D1CE4E5B9L;
            state = (state ^ (state >>> 27)) * 0x94D049BB133111EBL;
            return state ^ (state >>> 31);
        }
    }
}
