import java.util.Map;

/** A ladder climbed until the last answer is sure enough. */
abstract class Climb extends Selector {
    private final double[] thresholds;

    Climb(Map<String, Object> facts) {
        super(facts);
        thresholds = Json.numbers(facts.get("thresholds"));
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

        Cascade(Map<String, Object> facts) {
            super(facts);
            name = (String) facts.get("confidence");
            ofMean = "mean".equals(facts.get("answer"));
            temperatures = Json.numbers(facts.get("temperatures"));
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

        Deferral(Map<String, Object> facts) {
            super(facts);
            ofMean = "mean".equals(facts.get("answer"));
            rules = Json.list(facts.get("rules")).stream().map(Rule::read).toArray(Rule[]::new);
        }

        @Override
        double confidence(float[][] answers, int seen) {
            double score = rules[seen - 1].score(features(answers, seen));
            return 0.5 - 0.5 * score / (1 + Math.abs(score));
        }

        private double[] features(float[][] answers, int seen) {
            boolean withMean = ofMean && seen > 1;
            double[] found = new double[6 * seen + 2 * (seen - 1) + (withMean ? 6 : 0)];
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
