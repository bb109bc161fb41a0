package reswise.classifier;

/** Picture -> input tensor: crop, resize, channels, then (pixel - mean) / deviation. */
final class Preprocessing {
    final double crop; // part of the short side around the centre; 0 squashes
    final boolean bicubic;
    final boolean antialias;
    private final boolean bgr;
    private final float[] mean;
    private final float[] deviation;

    private Preprocessing(Facts facts) {
        facts.only("crop", "interpolation", "antialias", "channels", "mean", "deviation");
        crop = crop(facts);
        bicubic = facts.oneOf("interpolation", "bilinear", "bicubic").equals("bicubic");
        antialias = facts.flag("antialias");
        bgr = facts.oneOf("channels", "RGB", "BGR").equals("BGR");
        mean = floats(facts.numbers("mean", 3, 3, -1e30, 1e30));
        deviation = floats(facts.numbers("deviation", 3, 3, 1e-30, 1e30));
    }

    static Preprocessing read(Facts facts) {
        return new Preprocessing(facts);
    }

    /** Of its own numbers, for tests of the resize. */
    Preprocessing(double crop, boolean bicubic, boolean antialias) {
        this.crop = crop;
        this.bicubic = bicubic;
        this.antialias = antialias;
        bgr = false;
        mean = new float[3];
        deviation = new float[] {1, 1, 1};
    }

    /** What the channel of a pixel becomes; place counts in the order of the tensor. */
    float real(float[] pixels, int at, int place) {
        return (pixels[at + (bgr ? 2 - place : place)] - mean[place]) / deviation[place];
    }

    private static double crop(Facts facts) {
        String text = facts.text("crop", 24);
        if (text.equals("squash")) {
            return 0;
        }
        boolean plain = text.matches("1(\\.0+)?|0\\.[0-9]*[1-9][0-9]*");
        if (!plain) {
            throw facts.wrong("crop", Json.shown(text), "squash, or a part up to 1");
        }
        return Double.parseDouble(text);
    }

    private static float[] floats(double[] values) {
        float[] found = new float[values.length];
        for (int i = 0; i < found.length; i++) {
            found[i] = (float) values[i];
        }
        return found;
    }
}
