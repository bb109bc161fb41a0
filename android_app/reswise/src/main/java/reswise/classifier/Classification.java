package reswise.classifier;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What a picture was found to show, how far the ladder was climbed, and what that took. */
public final class Classification {
    private final String[] labels; // null: the bundle has none
    private final float[] scores;
    private final List<Step> steps;
    private final long selectorNanos;
    private final long prepareNanos;
    private final long macs;

    Classification(
            String[] labels, float[] scores, List<Step> steps, long selectorNanos,
            long prepareNanos, long macs) {
        this.labels = labels;
        this.scores = scores;
        this.steps = Collections.unmodifiableList(steps);
        this.selectorNanos = selectorNanos;
        this.prepareNanos = prepareNanos;
        this.macs = macs;
    }

    /** One rung that was run. */
    public static final class Step {
        private final String rung;
        private final int place;
        private final long nanos;

        Step(String rung, int place, long nanos) {
            this.rung = rung;
            this.place = place;
            this.nanos = nanos;
        }

        /** Such as mobilenet_v2@160. */
        public String rung() {
            return rung;
        }

        /** Its place in the ladder, from 0. */
        public int place() {
            return place;
        }

        /** Of the inference alone. */
        public long nanos() {
            return nanos;
        }
    }

    /** The name of the class; its number in words where the bundle has no labels. */
    public String label() {
        return label(index());
    }

    /** The class of the highest score; of equal ones the first. */
    public int index() {
        return Scores.best(scores);
    }

    /** Its probability. */
    public float score() {
        return scores[index()];
    }

    /** The probability of every class: of the last rung, or the mean of all that ran. */
    public float[] scores() {
        return scores.clone();
    }

    public String label(int index) {
        return labels == null ? "class " + index : labels[index];
    }

    /** The classes of the highest scores, the highest first. */
    public List<Integer> top(int count) {
        List<Integer> found = new ArrayList<>();
        for (int i = 0; i < scores.length; i++) {
            int at = found.size();
            while (at > 0 && scores[i] > scores[found.get(at - 1)]) {
                at--;
            }
            if (at < count) {
                found.add(at, i);
            }
            if (found.size() > count) {
                found.remove(count);
            }
        }
        return found;
    }

    /** The rungs that were run, in their order. */
    public List<Step> steps() {
        return steps;
    }

    /** Multiply-accumulates of all rungs that were run, and of the selector. */
    public long macs() {
        return macs;
    }

    /** Crop, resize, normalisation and quantisation, for all rungs together. */
    public long prepareNanos() {
        return prepareNanos;
    }

    /** What the choice took, a look at the thumbnail in it. */
    public long selectorNanos() {
        return selectorNanos;
    }

    /** Inference and selector, as `reswise bench` counts. */
    public long inferenceNanos() {
        long total = selectorNanos;
        for (Step step : steps) {
            total += step.nanos;
        }
        return total;
    }

    /** Everything from pixels to the answer. */
    public long nanos() {
        return inferenceNanos() + prepareNanos;
    }
}
