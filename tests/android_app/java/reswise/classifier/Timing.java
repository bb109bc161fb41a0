package reswise.classifier;

import java.util.Arrays;

/** How long the resize takes; a benchmark prints it, nothing asserts it. */
final class Timing {
    private Timing() {}

    /** 4000 x 3000 pixels -> a square: the median of nine, in milliseconds, per filter. */
    static void run(int width, int height) {
        byte[] rgba = new byte[4 * width * height];
        new java.util.Random(1).nextBytes(rgba);
        Picture picture = Picture.rgba(rgba, width, height);
        for (boolean bicubic : new boolean[] {false, true}) {
            Way way = new Way(0.875, bicubic, true);
            double[] taken = new double[9];
            for (int time = -5; time < taken.length; time++) {
                long start = System.nanoTime();
                Resize.square(picture, 224, way, new Cancel());
                if (time >= 0) {
                    taken[time] = (System.nanoTime() - start) / 1e6;
                }
            }
            Arrays.sort(taken);
            System.out.println(
                    (bicubic ? "bicubic " : "bilinear ") + taken[4] + " " + taken[0] + " " + taken[8]);
        }
    }
}
