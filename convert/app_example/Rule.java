import java.util.List;
import java.util.Map;

/**
 * A small rule of a deferral selector: a line, or trees. Only + - * / and comparisons of
 * doubles, in the order of selection/selectors/rules.py: the same to the last bit.
 */
abstract class Rule {
    /** The score of the features: high where climbing promises much. */
    abstract double score(double[] features);

    static Rule read(Object facts) {
        Map<String, Object> held = Json.object(facts);
        double intercept = Json.number(held.get("intercept"));
        if ("linear".equals(held.get("rule"))) {
            return new Linear(intercept, Json.numbers(held.get("weights")));
        }
        if ("trees".equals(held.get("rule"))) {
            List<Object> trees = Json.list(held.get("trees"));
            return new Trees(intercept, trees.stream().map(Tree::new).toArray(Tree[]::new));
        }
        throw new IllegalArgumentException("unknown rule " + held.get("rule"));
    }

    private static final class Linear extends Rule {
        private final double intercept;
        private final double[] weights;

        Linear(double intercept, double[] weights) {
            this.intercept = intercept;
            this.weights = weights;
        }

        @Override
        double score(double[] features) {
            double total = intercept;
            for (int i = 0; i < weights.length; i++) {
                total += weights[i] * features[i]; // Java rounds the product: no fused step
            }
            return total;
        }
    }

    private static final class Trees extends Rule {
        private final double intercept;
        private final Tree[] trees;

        Trees(double intercept, Tree[] trees) {
            this.intercept = intercept;
            this.trees = trees;
        }

        @Override
        double score(double[] features) {
            double total = intercept;
            for (Tree tree : trees) {
                total += tree.leaf(features);
            }
            return total;
        }
    }

    /** Nodes by number, the root first; a leaf has feature -1. */
    private static final class Tree {
        private final int[] feature;
        private final double[] threshold;
        private final int[] left;
        private final int[] right;
        private final double[] value;

        Tree(Object facts) {
            Map<String, Object> held = Json.object(facts);
            feature = Json.wholes(held.get("feature"));
            threshold = Json.numbers(held.get("threshold"));
            left = Json.wholes(held.get("left"));
            right = Json.wholes(held.get("right"));
            value = Json.numbers(held.get("value"));
        }

        double leaf(double[] features) {
            int node = 0;
            while (feature[node] >= 0) {
                double narrow = (float) features[feature[node]]; // trees are fitted on floats
                node = narrow <= threshold[node] ? left[node] : right[node];
            }
            return value[node];
        }
    }
}
