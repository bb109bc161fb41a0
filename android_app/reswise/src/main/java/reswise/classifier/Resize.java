package reswise.classifier;

/**
 * Crops and resizes a picture to a square: one resampling of the centre box, not rounded. Each row
 * is read once, narrowed, and added to the few output rows that it belongs to.
 *
 * <p>Sums are of doubles, in the order in which Pillow adds; across first, then down, floats
 * between. So plain areas keep their whole numbers, which lie on the halves that quantised inputs
 * round at: floats here moved inputs by a step, and 4 of 500 answers of an int8 network.
 */
final class Resize {
    private Resize() {}

    /**
     * The square, turned upright.
     *
     * @return resolution x resolution x 3 values in 0..255, RGB.
     * @throws java.util.concurrent.CancellationException the token was cancelled.
     */
    static float[] square(
            Picture picture, int resolution, Preprocessing preprocessing, Cancel cancel) {
        Rows rows = picture.rows;
        int width = rows.width();
        int height = rows.height();
        double side = preprocessing.crop * Math.min(width, height);
        double left = preprocessing.crop == 0 ? 0 : (width - side) / 2;
        double top = preprocessing.crop == 0 ? 0 : (height - side) / 2;
        double right = preprocessing.crop == 0 ? width : left + side;
        double bottom = preprocessing.crop == 0 ? height : top + side;
        Taps across = taps(left, right, width, resolution, preprocessing);
        Taps down = taps(top, bottom, height, resolution, preprocessing);
        float[] found = new float[resolution * resolution * 3];
        fill(rows, across, down, found, cancel);
        return Orientation.upright(found, resolution, picture.orientation);
    }

    /** Pillow, which Python has antialias from, takes the box in floats. */
    private static Taps taps(
            double start, double stop, int length, int resolution, Preprocessing preprocessing) {
        if (!preprocessing.antialias) {
            return new Taps(start, stop, length, resolution, preprocessing);
        }
        double span = (float) stop - (float) start; // floats less floats, as in C
        return new Taps((float) start, (float) start + span, length, resolution, preprocessing);
    }

    private static void fill(Rows rows, Taps across, Taps down, float[] found, Cancel cancel) {
        int resolution = down.first.length;
        int from = across.first[0];
        int count = across.end(resolution - 1) - from;
        float[] row = new float[3 * count];
        float[] narrow = new float[3 * resolution];
        double[][] totals = new double[resolution][];
        int open = 0; // the first output row that is not whole
        for (int y = down.first[0]; open < resolution; y++) {
            cancel.check();
            if (y < down.first[open]) {
                continue;
            }
            rows.read(y, from, count, row);
            narrow(row, across, from, narrow);
            for (int out = open; out < resolution && down.first[out] <= y; out++) {
                if (y < down.end(out)) {
                    totals[out] = totals[out] == null ? new double[narrow.length] : totals[out];
                    add(totals[out], narrow, down.weights[out][y - down.first[out]]);
                }
            }
            while (open < resolution && down.end(open) <= y + 1) {
                keep(totals[open], found, 3 * resolution * open);
                totals[open++] = null;
            }
        }
    }

    /** A row of the box, as wide as the picture -> as wide as the square. */
    private static void narrow(float[] row, Taps across, int from, float[] found) {
        int at = 0;
        for (int place = 0; place < across.first.length; place++) {
            double red = 0;
            double green = 0;
            double blue = 0;
            int pixel = 3 * (across.first[place] - from);
            for (double weight : across.weights[place]) {
                red += weight * row[pixel];
                green += weight * row[pixel + 1];
                blue += weight * row[pixel + 2];
                pixel += 3;
            }
            found[at++] = (float) red;
            found[at++] = (float) green;
            found[at++] = (float) blue;
        }
    }

    private static void add(double[] total, float[] row, double weight) {
        for (int i = 0; i < total.length; i++) {
            total[i] += weight * row[i];
        }
    }

    private static void keep(double[] total, float[] found, int at) {
        for (double value : total) {
            found[at++] = (float) (value < 0 ? 0 : value > 255 ? 255 : value);
        }
    }
}
