package reswise.classifier;

/**
 * What the learned selector looks at: a few numbers of a 48-pixel thumbnail. Python's
 * selection/selectors/thumbnail.py says what each is; they come in its order.
 */
final class Thumbnail {
    static final int SIDE = 48;
    static final int FEATURES = 21;
    // steps squared at 48, 24, 12 and 6 pixels, the rest squared, colours and grey squared
    static final long MACS = 2 * (48 * 47 + 24 * 23 + 12 * 11 + 6 * 5) + 4 * 48 * 48;
    private static final double FLOOR = 1e-5; // a mean square below one grey level in 300

    private final double[] found = new double[FEATURES];
    private int at = 0;

    private Thumbnail() {}

    /**
     * The features of a thumbnail.
     *
     * @param pixels 48 x 48 x 3, RGB in 0..255.
     */
    static double[] look(float[] pixels) {
        Thumbnail thumbnail = new Thumbnail();
        double[] grey = new double[SIDE * SIDE];
        double redGreen = 0;
        double yellowBlue = 0;
        for (int i = 0; i < grey.length; i++) {
            double red = pixels[3 * i] / 255.0;
            double green = pixels[3 * i + 1] / 255.0;
            double blue = pixels[3 * i + 2] / 255.0;
            grey[i] = (red + green + blue) / 3;
            redGreen += (red - green) * (red - green);
            double yellow = (red + green) / 2 - blue;
            yellowBlue += yellow * yellow;
        }
        double[] halved = halved(grey, SIDE);
        double[] quartered = halved(halved, SIDE / 2);
        thumbnail.steps(grey, SIDE);
        thumbnail.steps(halved, SIDE / 2);
        thumbnail.steps(quartered, SIDE / 4);
        thumbnail.steps(halved(quartered, SIDE / 4), SIDE / 8);
        thumbnail.rest(grey, halved);
        thumbnail.energy(redGreen / grey.length);
        thumbnail.energy(yellowBlue / grey.length);
        thumbnail.spread(grey);
        return thumbnail.found;
    }

    private void energy(double meanSquare) {
        found[at++] = Math.log(meanSquare + FLOOR);
    }

    private static double[] halved(double[] grey, int side) {
        int half = side / 2;
        double[] found = new double[half * half];
        for (int row = 0; row < half; row++) {
            for (int column = 0; column < half; column++) {
                int corner = 2 * row * side + 2 * column;
                double upper = grey[corner] + grey[corner + 1];
                double lower = grey[corner + side] + grey[corner + side + 1];
                found[row * half + column] = (upper + lower) / 4;
            }
        }
        return found;
    }

    /** Steps to the right, then down: each whole, and above 6 pixels their middle. */
    private void steps(double[] level, int side) {
        double[] across = new double[side * (side - 1)];
        double[] down = new double[side * (side - 1)];
        for (int row = 0; row < side; row++) {
            for (int column = 0; column + 1 < side; column++) {
                int here = row * side + column;
                across[row * (side - 1) + column] = level[here + 1] - level[here];
                int there = column * side + row;
                down[there] = level[there + side] - level[there];
            }
        }
        ofSteps(across, side, side - 1, side > 6);
        ofSteps(down, side - 1, side, side > 6);
    }

    private void ofSteps(double[] steps, int rows, int columns, boolean withMiddle) {
        energy(meanSquare(steps, 0, rows, 0, columns, columns));
        if (withMiddle) {
            energy(middle(steps, rows, columns));
        }
    }

    /** What 24 pixels do not show: whole, its middle, and the liveliest of 36 squares. */
    private void rest(double[] grey, double[] halved) {
        double[] rest = new double[grey.length];
        for (int row = 0; row < SIDE; row++) {
            for (int column = 0; column < SIDE; column++) {
                int here = row * SIDE + column;
                rest[here] = grey[here] - halved[row / 2 * (SIDE / 2) + column / 2];
            }
        }
        energy(meanSquare(rest, 0, SIDE, 0, SIDE, SIDE));
        energy(middle(rest, SIDE, SIDE));
        double liveliest = 0;
        for (int row = 0; row < SIDE; row += 8) {
            for (int column = 0; column < SIDE; column += 8) {
                double here = meanSquare(rest, row, row + 8, column, column + 8, SIDE);
                liveliest = Math.max(liveliest, here);
            }
        }
        energy(liveliest);
    }

    private static double middle(double[] values, int rows, int columns) {
        int row = rows / 4;
        int column = columns / 4;
        return meanSquare(values, row, rows - row, column, columns - column, columns);
    }

    private static double meanSquare(
            double[] values, int top, int bottom, int left, int right, int width) {
        double total = 0;
        for (int row = top; row < bottom; row++) {
            for (int column = left; column < right; column++) {
                double value = values[row * width + column];
                total += value * value;
            }
        }
        return total / ((bottom - top) * (right - left));
    }

    private void spread(double[] grey) {
        double mean = 0;
        for (double value : grey) {
            mean += value / grey.length;
        }
        double square = 0;
        for (double value : grey) {
            square += (value - mean) * (value - mean) / grey.length;
        }
        found[at++] = mean;
        found[at++] = Math.sqrt(square);
    }
}
