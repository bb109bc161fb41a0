package reswise.classifier;

/** A decoded picture, read row by row, so that no second copy of it is ever made. */
interface Rows {
    int width();

    int height();

    /**
     * A part of a row.
     *
     * @param rgb takes 3 x count values in 0..255, RGB; alpha is dropped.
     */
    void read(int row, int from, int count, float[] rgb);
}
