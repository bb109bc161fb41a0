package reswise.classifier;

/** What can be read of the scores of one image: confidences, means, the best class. */
final class Scores {
    private static final double TINY = 1e-30; // stands for a probability of 0 in logarithms

    private Scores() {}

    /**
     * What a rung gave, dequantised -> one probability a class. `kind` is the rung's
     * "scores" in the manifest, null where that is left out; one unit is two classes.
     */
    static float[] read(String kind, float[] outputs) {
        if (kind == null || kind.equals("probabilities")) {
            return outputs;
        }
        switch (kind) {
            case "logits":
                return softmax(outputs);
            case "one_probability":
                return ofOne(outputs[0]);
            case "one_logit":
                return ofOne(1 / (1 + Math.exp(-outputs[0])));
            default:
                throw new IllegalArgumentException("unknown scores " + kind);
        }
    }

    private static float[] ofOne(double probability) {
        double one = clipped(probability, 0, 1);
        return new float[] {(float) (1 - one), (float) one};
    }

    private static float[] softmax(float[] logits) {
        double highest = sorted(logits, 1)[0];
        double total = 0;
        for (float logit : logits) {
            total += Math.exp(logit - highest);
        }
        float[] found = new float[logits.length];
        for (int i = 0; i < found.length; i++) {
            found[i] = (float) (Math.exp(logits[i] - highest) / total);
        }
        return found;
    }

    /** How sure an answer is, in 0..1; selection/confidence.py says what each means. */
    static double confidence(String name, float[] scores, double temperature) {
        switch (name) {
            case "top1":
                return clipped(sorted(scores, 1)[0], 0, 1);
            case "margin":
                double[] two = sorted(scores, 2);
                return clipped(two[0] - two[1], 0, 1);
            case "entropy":
                return entropy(scores);
            case "calibrated":
                return calibrated(scores, temperature);
            default:
                throw new IllegalArgumentException("unknown confidence " + name);
        }
    }

    /** Through log: equal to Python's but for the last places. */
    private static double entropy(float[] scores) {
        double spread = 0;
        for (float score : scores) {
            double wide = clipped(score, TINY, 1);
            spread -= wide * Math.log(wide);
        }
        return clipped(1 - spread / Math.log(scores.length), 0, 1);
    }

    /** Through pow: equal to Python's but for the last places. */
    private static double calibrated(float[] scores, double temperature) {
        double total = 0;
        double highest = 0;
        for (float score : scores) {
            double raised = Math.pow(clipped(score, TINY, 1), 1 / temperature);
            total += raised;
            highest = Math.max(highest, raised);
        }
        return clipped(highest / total, 0, 1);
    }

    /** The mean of the first answers: a sum of floats in their order, then one division. */
    static float[] mean(float[][] answers, int count) {
        float[] total = new float[answers[0].length];
        for (int answer = 0; answer < count; answer++) {
            for (int i = 0; i < total.length; i++) {
                total[i] += answers[answer][i];
            }
        }
        for (int i = 0; i < total.length; i++) {
            total[i] /= count;
        }
        return total;
    }

    /** The class of the highest score; of equal ones the first. */
    static int best(float[] scores) {
        int best = 0;
        for (int i = 1; i < scores.length; i++) {
            if (scores[i] > scores[best]) {
                best = i;
            }
        }
        return best;
    }

    /** The highest scores, the highest first; 0 where there are fewer classes. */
    static double[] sorted(float[] scores, int count) {
        double[] top = new double[count];
        java.util.Arrays.fill(top, Double.NEGATIVE_INFINITY);
        for (float score : scores) {
            double moving = score;
            for (int place = 0; place < count; place++) {
                if (moving > top[place]) {
                    double lower = top[place];
                    top[place] = moving;
                    moving = lower;
                }
            }
        }
        for (int place = scores.length; place < count; place++) {
            top[place] = 0;
        }
        return top;
    }

    static double clipped(double value, double low, double high) {
        return Math.min(Math.max(value, low), high);
    }
}
