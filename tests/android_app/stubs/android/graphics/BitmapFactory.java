package android.graphics;

/** STUB for compiling alone: it decodes nothing. */
public final class BitmapFactory {
    private BitmapFactory() {}

    /** STUB. */
    public static class Options {
        public boolean inJustDecodeBounds;
        public int inSampleSize;
        public Bitmap.Config inPreferredConfig;
        public int outWidth;
        public int outHeight;

        public Options() {}
    }

    public static Bitmap decodeByteArray(byte[] data, int offset, int length, Options opts) {
        throw new UnsupportedOperationException("a stub decodes nothing");
    }
}
