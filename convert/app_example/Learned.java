import java.util.List;
import java.util.Map;

/** A small dense net chooses from the thumbnail; selection/selectors/learned.py says how. */
final class Learned extends Selector {
    private final double[] costs;
    private final double price;
    private final double[][][] weights; // layer, input, output
    private final double[][] biases;

    Learned(Map<String, Object> facts) {
        super(facts);
        costs = Json.numbers(facts.get("costs"));
        price = Json.number(facts.get("price"));
        List<Object> layers = Json.list(facts.get("layers"));
        weights = new double[layers.size()][][];
        biases = new double[layers.size()][];
        for (int i = 0; i < biases.length; i++) {
            Map<String, Object> layer = Json.object(layers.get(i));
            List<Object> rows = Json.list(layer.get("weights"));
            weights[i] = rows.stream().map(Json::numbers).toArray(double[][]::new);
            biases[i] = Json.numbers(layer.get("biases"));
        }
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
