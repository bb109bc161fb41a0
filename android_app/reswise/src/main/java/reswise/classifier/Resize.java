package reswise.classifier;

/**
 * Crops and resizes a picture to a square: one resampling of the centre box, in floats, not
 * rounded. Rows are read once; each is added to the few output rows that it belongs to, and an
 * output row is narrowed as soon as it is whole.
 */
final class Resize {
    private Resize() {}

    /**
     * The square, turned upright.
     *
     * @return resolution x resolution x 3 values in 0..255, RGB.
     * @throws java.util.concurrent.CancellationException the token was cancelled.
     */
    static float[] square(Picture picture, int resolution, Way way, Cancel cancel) {
        Rows rows = picture.rows;
        int width = rows.width();
        int height = rows.height();
        double side = way.crop * Math.min(width, height);
        double left = way.crop == 0 ? 0 : (width - side) / 2;
        double top = way.crop == 0 ? 0 : (height - side) / 2;
        double right = way.crop == 0 ? width : left + side;
        double bottom = way.crop == 0 ? height : top + side;
        Taps across = new Taps((float) left, (float) right, width, resolution, way);
        Taps down = new Taps((float) top, (float) bottom, height, resolution, way);
        float[] found = new float[resolution * resolution * 3];
        fill(rows, across, down, found, cancel);
        return Orientation.upright(found, resolution, picture.orientation);
    }

    private static void fill(Rows rows, Taps across, Taps down, float[] found, Cancel cancel) {
        int resolution = down.first.length;
        int from = across.first[0];
        int count = across.end(resolution - 1) - from;
        float[] row = new float[3 * count];
        float[][] totals = new float[resolution][];
        float[] spare = null;
        int open = 0; // the first output row that is not whole
        for (int y = down.first[0]; open < resolution; y++) {
            cancel.check();
            if (y < down.first[open]) {
                continue;
            }
            rows.read(y, from, count, row);
            for (int out = open; out < resolution && down.first[out] <= y; out++) {
                if (y >= down.end(out)) {
                    continue;
                }
                if (totals[out] == null) {
                    totals[out] = spare == null ? new float[3 * count] : cleared(spare);
                    spare = null;
                }
                add(totals[out], row, down.weights[out][y - down.first[out]]);
            }
            while (open < resolution && down.end(open) <= y + 1) {
                narrow(totals[open], across, from, found, 3 * resolution * open);
                spare = totals[open];
                totals[open++] = null;
            }
        }
    }

    private static float[] cleared(float[] values) {
        java.util.Arrays.fill(values, 0);
        return values;
    }

    private static void add(float[] total, float[] row, float weight) {
        for (int i = 0; i < total.length; i++) {
            total[i] += weight * row[i];
        }
    }

    /** A whole row of the box, as wide as the picture -> one row of the square. */
    private static void narrow(float[] total, Taps across, int from, float[] found, int at) {
        for (int place = 0; place < across.first.length; place++) {
            float red = 0;
            float green = 0;
            float blue = 0;
            int pixel = 3 * (across.first[place] - from);
            for (float weight : across.weights[place]) {
                red += weight * total[pixel];
                green += weight * total[pixel + 1];
                blue += weight * total[pixel + 2];
                pixel += 3;
            }
            found[at++] = clipped(red);
            found[at++] = clipped(green);
            found[at++] = clipped(blue);
        }
    }

    private static float clipped(float value) {
        return value < 0 ? 0 : value > 255 ? 255 : value;
    }
}
