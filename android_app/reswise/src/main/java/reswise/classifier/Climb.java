package reswise.classifier;

import java.util.List;

/** A ladder climbed until the last answer is sure enough. */
abstract class Climb extends Selector {
    private static final double NEVER = 2; // above every confidence

    private final double[] thresholds;

    Climb(Facts facts) {
        super(facts);
        int steps = ladder.length - 1;
        thresholds = facts.numbers("thresholds", steps, steps, 0, NEVER);
        for (double threshold : thresholds) {
            if (threshold > 1 && threshold != NEVER) {
                throw facts.wrong("a threshold", String.valueOf(threshold), "0..1, or 2");
            }
        }
    }

    @Override
    final String next(Image image) {
        int seen = image.run();
        if (seen == ladder.length) {
            return null;
        }
        boolean sure = seen > 0 && confidence(image.answers, seen) >= thresholds[seen - 1];
        return sure ? null : ladder[seen];
    }

    /** How sure it is after so many answers. */
    abstract double confidence(float[][] answers, int seen);

    static final class Cascade extends Climb {
        private final String name;
        private final boolean ofMean;
        private final double[] temperatures;

        Cascade(Facts facts) {
            super(facts);
            facts.only("kind", "ladder", "confidence", "answer", "thresholds", "temperatures");
            name = facts.oneOf("confidence", "top1", "margin", "entropy", "calibrated");
            ofMean = meanOf(facts);
            int count = name.equals("calibrated") ? ladder.length - 1 : 0;
            temperatures = facts.numbers("temperatures", count, count, 0.01, 100);
        }

        @Override
        double confidence(float[][] answers, int seen) {
            float[] scores = ofMean ? Scores.mean(answers, seen) : answers[seen - 1];
            double temperature = temperatures.length == 0 ? 1 : temperatures[seen - 1];
            return Scores.confidence(name, scores, temperature);
        }
    }

    /** A rule for each rung but the last; features: selection/selectors/deferral.py. */
    static final class Deferral extends Climb {
        private final Rule[] rules;
        private final boolean ofMean;

        Deferral(Facts facts) {
            super(facts);
            facts.only("kind", "ladder", "answer", "thresholds", "rules");
            ofMean = meanOf(facts);
            int steps = ladder.length - 1;
            List<Facts> held = facts.objects("rules", steps, steps);
            rules = new Rule[steps];
            for (int step = 0; step < steps; step++) {
                rules[step] = Rule.read(held.get(step), features(step + 1));
            }
        }

        /** How many features there are after so many rungs. */
        private int features(int seen) {
            return 6 * seen + 2 * (seen - 1) + (ofMean && seen > 1 ? 6 : 0);
        }

        @Override
        long ownMacs() {
            long macs = 0;
            for (Rule rule : rules) {
                macs += rule.macs();
            }
            return macs;
        }

        @Override
        double confidence(float[][] answers, int seen) {
            double score = rules[seen - 1].score(features(answers, seen));
            return 0.5 - 0.5 * score / (1 + Math.abs(score));
        }

        private double[] features(float[][] answers, int seen) {
            boolean withMean = ofMean && seen > 1;
            double[] found = new double[features(seen)];
            int at = 0;
            for (int place = 0; place < seen; place++) {
                at = ofOne(answers[place], found, at);
            }
            for (int place = 1; place < seen; place++) {
                int before = Scores.best(answers[place - 1]);
                found[at++] = Scores.best(answers[place]) == before ? 1 : 0;
                found[at++] = answers[place][before];
            }
            if (withMean) {
                ofOne(Scores.mean(answers, seen), found, at);
            }
            return found;
        }

        private static int ofOne(float[] scores, double[] found, int at) {
            double[] top = Scores.sorted(scores, 3);
            for (int i = 0; i < top.length; i++) {
                top[i] = Scores.clipped(top[i], 0, 1);
                found[at++] = top[i];
            }
            found[at++] = Math.sqrt(Math.sqrt(1 - top[0]));
            found[at++] = Math.sqrt(top[1]);
            found[at++] = top[0] - top[1];
            return at;
        }
    }
}
