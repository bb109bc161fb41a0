package reswise.classifier;

import java.util.List;

/**
 * A small rule of a deferral selector: a line, or trees. Only + - * / and comparisons of
 * doubles, in the order of selection/selectors/rules.py: the same to the last bit.
 */
abstract class Rule {
    private static final double MOST = 1e300;

    /** The score of the features: high where climbing promises much. */
    abstract double score(double[] features);

    /**
     * The rule of its JSON object.
     *
     * @param features how many there are to read.
     */
    static Rule read(Facts facts, int features) {
        if ("linear".equals(facts.oneOf("rule", "linear", "trees"))) {
            facts.only("rule", "intercept", "weights");
            return new Linear(
                    facts.number("intercept", -MOST, MOST),
                    facts.numbers("weights", features, features, -MOST, MOST));
        }
        facts.only("rule", "intercept", "trees");
        double intercept = facts.number("intercept", -MOST, MOST);
        List<Facts> trees = facts.objects("trees", 0, 10_000);
        return new Trees(
                intercept,
                trees.stream().map(tree -> new Tree(tree, features)).toArray(Tree[]::new));
    }

    /** Multiplications of one score. */
    abstract long macs();

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

        @Override
        long macs() {
            return weights.length;
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

        @Override
        long macs() {
            return 0; // trees only compare and add
        }
    }

    /** Nodes by number, the root first; a leaf has feature -1. */
    private static final class Tree {
        private final int[] feature;
        private final double[] threshold;
        private final int[] left;
        private final int[] right;
        private final double[] value;

        Tree(Facts facts, int features) {
            facts.only("feature", "threshold", "left", "right", "value");
            int nodes = facts.length("feature");
            feature = facts.wholes("feature", 1, 100_000, -1, features - 1);
            threshold = facts.numbers("threshold", nodes, nodes, -MOST, MOST);
            left = facts.wholes("left", nodes, nodes, -1, 100_000);
            right = facts.wholes("right", nodes, nodes, -1, 100_000);
            value = facts.numbers("value", nodes, nodes, -MOST, MOST);
            for (int node = 0; node < nodes; node++) {
                checkChild(facts, node, left[node]);
                checkChild(facts, node, right[node]);
            }
        }

        /** Children come after their parent, so that every walk ends in a leaf. */
        private void checkChild(Facts facts, int node, int child) {
            if (feature[node] >= 0 && (child <= node || child >= feature.length)) {
                throw facts.wrong(
                        "node " + node, "led to node " + child, "a later one, below " + feature.length);
            }
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
