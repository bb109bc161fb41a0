package reswise.classifier;

/**
 * Whether a picture survives its way into an input of whole numbers. Where mean and deviation
 * contradict the input's scale nearly every pixel ends at the same number, and the model answers
 * something all the same; convert/pixel_codes.py says more.
 */
final class PixelCodes {
    private static final double TRACE = 0.01; // of pixel values that may be clipped
    private static final int LEAST_CODES = 32; // of 256 that it must be able to tell apart

    private PixelCodes() {}

    /** @param rung as the manifest has it. */
    static void check(Facts rung) {
        Facts input = rung.object("input");
        String dtype = input.text("dtype", 10);
        if (dtype.equals("float32")) {
            return;
        }
        int least = dtype.equals("uint8") ? 0 : dtype.equals("int8") ? -128 : -32768;
        int most = dtype.equals("uint8") ? 255 : dtype.equals("int8") ? 127 : 32767;
        double scale = input.number("scale", 0, 1_000_000);
        long zeroPoint = input.whole("zero_point", least, most);
        Facts preprocessing = rung.object("preprocessing");
        double[] means = preprocessing.numbers("mean", 3, 3, -1e30, 1e30);
        double[] deviations = preprocessing.numbers("deviation", 3, 3, 1e-30, 1e30);
        for (int channel = 0; channel < 3; channel++) {
            double[] steps = new double[256];
            for (int pixel = 0; pixel < 256; pixel++) {
                double real = (pixel - means[channel]) / deviations[channel];
                steps[pixel] = Math.rint(scale == 0 ? real : real / scale + zeroPoint);
            }
            check(rung, dtype, steps, least, most);
        }
    }

    private static void check(Facts rung, String dtype, double[] steps, int least, int most) {
        int outside = 0;
        java.util.Set<Double> codes = new java.util.HashSet<>();
        for (double step : steps) {
            outside += step < least - 1 || step > most + 1 ? 1 : 0;
            codes.add(Scores.clipped(step, least, most) + 0.0); // -0 is 0
        }
        String found = null;
        if (outside > TRACE * steps.length) {
            found = "clips " + outside + " of 256 pixel values";
        } else if (codes.size() < LEAST_CODES) {
            found = "makes " + codes.size() + " numbers of 256 pixel values";
        }
        if (found != null) {
            throw rung.wrong(
                    "preprocessing", "what " + found + " at its " + dtype + " input",
                    "a picture's own codes, or the mean and deviation that the model was "
                            + "quantised for");
        }
    }
}
