package reswise.classifier;

import android.graphics.Bitmap;

/** A Bitmap, as {@code getPixels} gives it: colours not premultiplied with alpha. */
final class BitmapRows implements Rows {
    private final Bitmap bitmap;
    private int[] row = new int[0];

    BitmapRows(Bitmap bitmap) {
        boolean hardware = bitmap.getConfig() == Bitmap.Config.HARDWARE;
        this.bitmap = hardware ? bitmap.copy(Bitmap.Config.ARGB_8888, false) : bitmap;
    }

    @Override
    public int width() {
        return bitmap.getWidth();
    }

    @Override
    public int height() {
        return bitmap.getHeight();
    }

    @Override
    public void read(int number, int from, int count, float[] rgb) {
        if (row.length < count) {
            row = new int[count];
        }
        bitmap.getPixels(row, 0, count, from, number, count, 1);
        for (int i = 0, at = 0; i < count; i++, at += 3) {
            int pixel = row[i];
            rgb[at] = pixel >> 16 & 0xff;
            rgb[at + 1] = pixel >> 8 & 0xff;
            rgb[at + 2] = pixel & 0xff;
        }
    }
}
