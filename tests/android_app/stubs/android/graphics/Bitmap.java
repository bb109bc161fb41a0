package android.graphics;

/** STUB for compiling and tests: pixels in an array. Android's own class is another. */
public final class Bitmap {
    /** STUB. */
    public enum Config {
        ARGB_8888,
        HARDWARE
    }

    private final int[] argb;
    private final int width;
    private final Config config;

    private Bitmap(int[] argb, int width, Config config) {
        this.argb = argb;
        this.width = width;
        this.config = config;
    }

    public static Bitmap createBitmap(int[] colors, int width, int height, Config config) {
        return new Bitmap(colors, width, config);
    }

    public int getWidth() {
        return width;
    }

    public int getHeight() {
        return argb.length / width;
    }

    public Config getConfig() {
        return config;
    }

    public Bitmap copy(Config config, boolean isMutable) {
        return new Bitmap(argb.clone(), width, config);
    }

    public void getPixels(
            int[] pixels, int offset, int stride, int x, int y, int width, int height) {
        if (config == Config.HARDWARE) {
            throw new IllegalStateException("a hardware bitmap has no pixels to read");
        }
        for (int row = 0; row < height; row++) {
            System.arraycopy(
                    argb, (y + row) * this.width + x, pixels, offset + row * stride, width);
        }
    }
}
