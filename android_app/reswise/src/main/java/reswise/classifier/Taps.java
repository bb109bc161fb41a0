package reswise.classifier;

/**
 * Along one side of a picture: which input pixels make up each output pixel, with what weights.
 *
 * <p>With antialias the filter widens with the scale; without it each output pixel reads its 2
 * (bilinear) or 4 (bicubic) nearest input pixels whatever the scale. Pixel centres lie at halves;
 * taps outside the picture get no weight and the others are scaled up to a sum of 1. Python's
 * datasets/preprocessing.py says the same.
 */
final class Taps {
    final int[] first; // input pixel of the first weight, ascending
    final double[][] weights;

    /**
     * @param start where the box begins, in pixels of the side.
     * @param stop where it ends.
     * @param length of the side, in pixels.
     */
    Taps(double start, double stop, int length, int resolution, Preprocessing preprocessing) {
        first = new int[resolution];
        weights = new double[resolution][];
        double scale = (stop - start) / resolution;
        double widening = preprocessing.antialias ? Math.max(scale, 1) : 1;
        double support = widening * (preprocessing.bicubic ? 2 : 1);
        for (int place = 0; place < resolution; place++) {
            double centre = start + (place + 0.5) * scale;
            int from = Math.max((int) Math.floor(centre - support + 0.5), 0);
            int to = Math.min((int) Math.floor(centre + support + 0.5), length);
            first[place] = from;
            weights[place] = weights(centre, from, to, widening, preprocessing.bicubic);
        }
    }

    /** One past the last input pixel of an output pixel. */
    int end(int place) {
        return first[place] + weights[place].length;
    }

    private static double[] weights(
            double centre, int from, int to, double widening, boolean bicubic) {
        double[] found = new double[to - from];
        double narrowing = 1 / widening;
        double sum = 0;
        for (int i = 0; i < found.length; i++) {
            double distance = Math.abs((from + i - centre + 0.5) * narrowing);
            found[i] = bicubic ? cubic(distance) : Math.max(1 - distance, 0);
            sum += found[i];
        }
        for (int i = 0; i < found.length; i++) {
            found[i] /= sum;
        }
        return found;
    }

    /** The cubic of Keys 1981, a = -0.5. */
    private static double cubic(double distance) {
        if (distance < 1) {
            return (1.5 * distance - 2.5) * distance * distance + 1;
        }
        return distance < 2 ? (((distance - 5) * distance + 8) * distance - 4) * -0.5 : 0;
    }
}
