package reswise.classifier;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;

/** How long the resize takes; a benchmark prints it, nothing asserts it. */
final class Timing {
    private Timing() {}

    /**
     * Pixels -> a square: the median of nine, least and most, per filter: milliseconds
     * of the processor, so that what else runs does not count.
     */
    static void run(int width, int height) {
        ThreadMXBean clock = ManagementFactory.getThreadMXBean();
        byte[] rgba = new byte[4 * width * height];
        new java.util.Random(1).nextBytes(rgba);
        Picture picture = Picture.rgba(rgba, width, height);
        for (boolean bicubic : new boolean[] {false, true}) {
            Preprocessing preprocessing = new Preprocessing(0.875, bicubic, true);
            double[] taken = new double[9];
            for (int time = -5; time < taken.length; time++) {
                long start = clock.getCurrentThreadCpuTime();
                Resize.square(picture, 224, preprocessing, new Cancel());
                if (time >= 0) {
                    taken[time] = (clock.getCurrentThreadCpuTime() - start) / 1e6;
                }
            }
            Arrays.sort(taken);
            System.out.println(
                    (bicubic ? "bicubic " : "bilinear ") + taken[4] + " " + taken[0] + " " + taken[8]);
        }
    }
}
