package reswise.classifier;

import java.util.List;

/** A small dense net chooses from the thumbnail; selection/selectors/learned.py says how. */
final class Learned extends Selector {
    private final double[] costs;
    private final double price;
    private final double[][][] weights; // layer, input, output
    private final double[][] biases;

    Learned(Facts facts) {
        super(facts);
        facts.only("kind", "ladder", "costs", "price", "layers");
        int rungs = ladder.length;
        costs = facts.numbers("costs", rungs, rungs, -1e300, 1e300);
        price = facts.number("price", 0, 1e300);
        List<Facts> layers = facts.objects("layers", 1, 16);
        weights = new double[layers.size()][][];
        biases = new double[layers.size()][];
        int inputs = Thumbnail.FEATURES;
        for (int i = 0; i < biases.length; i++) {
            Facts layer = layers.get(i).only("weights", "biases");
            boolean last = i == biases.length - 1;
            biases[i] = layer.numbers("biases", last ? rungs : 1, last ? rungs : 4096, -1e300, 1e300);
            weights[i] = layer.matrix("weights", inputs, biases[i].length);
            inputs = biases[i].length;
        }
    }

    @Override
    long ownMacs() {
        long macs = Thumbnail.MACS;
        for (double[][] layer : weights) {
            macs += (long) layer.length * layer[0].length;
        }
        return macs;
    }

    @Override
    String next(Image image) {
        double[] chances = image.chances == null ? chances(image.look) : image.chances;
        int best = 0;
        for (int i = 1; i < chances.length; i++) {
            if (chances[i] - price * costs[i] > chances[best] - price * costs[best]) {
                best = i;
            }
        }
        return once(image, best);
    }

    /** Through exp: equal to Python's but for the last places. */
    private double[] chances(double[] look) {
        double[] values = look;
        for (int layer = 0; layer < biases.length; layer++) {
            double[] total = biases[layer].clone();
            for (int input = 0; input < values.length; input++) {
                for (int i = 0; i < total.length; i++) {
                    total[i] += values[input] * weights[layer][input][i];
                }
            }
            boolean last = layer == biases.length - 1;
            for (int i = 0; i < total.length; i++) {
                total[i] = last ? 1 / (1 + Math.exp(-total[i])) : Math.max(total[i], 0);
            }
            values = total;
        }
        return values;
    }
}
