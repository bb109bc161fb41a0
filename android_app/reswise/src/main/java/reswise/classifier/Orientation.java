package reswise.classifier;

/**
 * Turns a resized square upright. The box is centred and the filters are symmetric, so turning the
 * square comes to the same as turning the picture first, and costs nothing.
 */
final class Orientation {
    private Orientation() {}

    /**
     * The square as its author saw it.
     *
     * @param exif 1..8, as the EXIF tag counts.
     */
    static float[] upright(float[] square, int side, int exif) {
        if (exif == 1) {
            return square;
        }
        float[] found = new float[square.length];
        for (int row = 0; row < side; row++) {
            for (int column = 0; column < side; column++) {
                int from = 3 * from(row, column, side - 1, side, exif);
                System.arraycopy(square, from, found, 3 * (row * side + column), 3);
            }
        }
        return found;
    }

    /** Which pixel of the stored square comes to (row, column). */
    private static int from(int row, int column, int last, int side, int exif) {
        switch (exif) {
            case 2: // mirrored
                return row * side + last - column;
            case 3: // turned by 180 degrees
                return (last - row) * side + last - column;
            case 4: // upside down
                return (last - row) * side + column;
            case 5: // mirrored at the main diagonal
                return column * side + row;
            case 6: // to be turned clockwise by 90 degrees
                return (last - column) * side + row;
            case 7: // mirrored at the other diagonal
                return (last - column) * side + last - row;
            default: // 8: to be turned clockwise by 270 degrees
                return column * side + last - row;
        }
    }
}
