package reswise.classifier;

import android.content.res.AssetManager;
import android.graphics.Bitmap;
import com.google.ai.edge.litert.Accelerator;
import java.io.File;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.tensorflow.lite.Interpreter;

/**
 * Threads, cancelling, closing, assets, bitmaps. In LiteRT's place stands what answers with the
 * first pixel's numbers, so that every answer is known.
 */
final class BehaviourTest {
    private static int failed = 0;

    private BehaviourTest() {}

    /** @param bundle two rungs, tiny@8 and tiny@16, five classes; top1 of 0.5 ends the climb. */
    static int run(File bundle) throws Exception {
        Interpreter.desktop = new Known();
        classifies(bundle);
        opensAssets(bundle);
        refusesWhatIsNoPicture(bundle);
        runsInThreads(bundle);
        cancels(bundle);
        closes(bundle);
        refusesNan(bundle);
        runsOnOtherEngines(bundle);
        return failed;
    }

    /** Scores: the first pixel's channels, as the input holds them; the rest 0. */
    static final class Known implements Interpreter.Desktop {
        final AtomicInteger loaded = new AtomicInteger();
        final AtomicInteger running = new AtomicInteger();
        final AtomicInteger together = new AtomicInteger();
        volatile CountDownLatch arrived;
        volatile CountDownLatch go;
        volatile boolean nan;

        @Override
        public int load(ByteBuffer content, int threads) {
            check(content.isReadOnly(), "the mapped file cannot be written to");
            return loaded.incrementAndGet();
        }

        @Override
        public void run(int file, String signature, String in, ByteBuffer input, ByteBuffer out) {
            together.accumulateAndGet(running.incrementAndGet(), Math::max);
            if (arrived != null) {
                arrived.countDown();
                await(go);
            }
            for (int i = 0; i < 5; i++) {
                float value = i < 3 ? input.getFloat(4 * i) : 0;
                out.putFloat(nan ? Float.NaN : value);
            }
            running.decrementAndGet();
        }

        @Override
        public void close(int file) {
            loaded.decrementAndGet();
        }

        private static void await(CountDownLatch latch) {
            try {
                latch.await();
            } catch (InterruptedException error) {
                throw new IllegalStateException(error);
            }
        }
    }

    /** 20 x 30 pixels of one colour; real = (pixel - 127.5) / 127.5. */
    private static byte[] plain(int red, int green, int blue) {
        byte[] rgba = new byte[4 * 20 * 30];
        for (int i = 0; i < rgba.length; i += 4) {
            rgba[i] = (byte) red;
            rgba[i + 1] = (byte) green;
            rgba[i + 2] = (byte) blue;
        }
        return rgba;
    }

    private static void classifies(File bundle) {
        try (Reswise reswise = Reswise.open(bundle)) {
            check(reswise.ladder().toString().equals("[tiny@8, tiny@16]"), "the ladder");
            Classification sure = reswise.classify(plain(0, 255, 0), 20, 30, 90);
            check(sure.index() == 1 && sure.score() == 1, "green is class 1");
            check(sure.label().equals("class 1"), "its label: " + sure.label());
            check(sure.steps().size() == 1, "sure at once");
            check(sure.macs() == 120, "MACs of tiny@8: " + sure.macs());
            check(sure.top(3).get(0) == 1 && sure.top(3).size() == 3, "top 3");
            Classification torn = reswise.classify(plain(128, 140, 130), 20, 30, 0);
            check(torn.steps().size() == 2, "0.098 is not sure: it climbs");
            check(torn.steps().get(1).rung().equals("tiny@16"), "to tiny@16");
            check(torn.macs() == 360, "MACs of both: " + torn.macs());
            check(torn.nanos() >= torn.inferenceNanos(), "the whole is more than a part");
            check(torn.steps().get(0).nanos() > 0, "time of a rung");
        }
        Known known = (Known) Interpreter.desktop;
        check(known.loaded.get() == 0, "everything loaded is closed");
    }

    private static void opensAssets(File bundle) {
        AssetManager assets = new AssetManager(bundle.getParentFile());
        try (Reswise reswise = Reswise.open(assets, bundle.getName())) {
            int[] argb = new int[600];
            java.util.Arrays.fill(argb, 0x80ff0000); // half transparent red
            for (Bitmap.Config config : Bitmap.Config.values()) {
                Bitmap bitmap = Bitmap.createBitmap(argb, 20, 30, config);
                check(reswise.classify(bitmap).index() == 0, "red, " + config);
                check(reswise.classify(bitmap, 270).index() == 0, "red turned, " + config);
            }
        }
        refused(() -> Reswise.open(assets, "nowhere"), "not among the app's assets");
    }

    private static void refusesWhatIsNoPicture(File bundle) {
        try (Reswise reswise = Reswise.open(bundle)) {
            refused(() -> reswise.classify(new byte[7], 2, 1, 0), "expected 8");
            refused(() -> reswise.classify(new byte[8], 2, 1, 45), "expected 0, 90, 180 or 270");
            refused(() -> reswise.classify(new byte[0], 0, 0, 0), "0 x 0");
            refused(() -> reswise.classify(new byte[0], 65536, 65536, 0), "17179869184");
            check(reswise.classify(plain(1, 1, 1), 600, 1, 0) != null, "one row of pixels");
            check(reswise.classify(new byte[4], 1, 1, 0) != null, "one pixel");
        }
    }

    private static void runsInThreads(File bundle) throws Exception {
        Known known = new Known();
        Interpreter.desktop = known;
        ExecutorService pool = Executors.newFixedThreadPool(8);
        try (Reswise reswise = Reswise.open(bundle)) {
            List<Future<Boolean>> found = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                int which = i % 3;
                int[] colour = new int[3];
                colour[which] = 255;
                byte[] rgba = plain(colour[0], colour[1], colour[2]);
                found.add(pool.submit(() -> reswise.classify(rgba, 20, 30, 0).index() == which));
            }
            for (Future<Boolean> one : found) {
                check(one.get(), "each thread gets the answer to its own picture");
            }
        } finally {
            pool.shutdown();
        }
        check(known.together.get() == 1, "an interpreter is run by one thread at a time");
    }

    private static void cancels(File bundle) throws Exception {
        Known known = new Known();
        Interpreter.desktop = known;
        try (Reswise reswise = Reswise.open(bundle)) {
            Cancel before = new Cancel();
            before.cancel();
            cancelled(() -> reswise.classify(green(), before), "cancelled before it began");
            known.arrived = new CountDownLatch(1);
            known.go = new CountDownLatch(1);
            Cancel within = new Cancel();
            ExecutorService pool = Executors.newSingleThreadExecutor();
            Future<?> run =
                    pool.submit(
                            () -> cancelled(
                                    () -> reswise.classify(green(), within), "cancelled within"));
            known.arrived.await();
            within.cancel(); // the engine is told, and throws
            known.arrived = null;
            known.go.countDown();
            run.get();
            pool.shutdown();
            check(reswise.classify(green(), new Cancel()).index() == 1, "the next one runs");
        }
    }

    private static Picture green() {
        return Picture.rgba(plain(0, 255, 0), 20, 30);
    }

    private static void closes(File bundle) throws Exception {
        Known known = new Known();
        Interpreter.desktop = known;
        Reswise reswise = Reswise.open(bundle);
        known.arrived = new CountDownLatch(1);
        known.go = new CountDownLatch(1);
        ExecutorService pool = Executors.newFixedThreadPool(2);
        Future<Integer> last = pool.submit(() -> reswise.classify(green(), new Cancel()).index());
        known.arrived.await();
        Future<?> closing = pool.submit(reswise::close);
        known.go.countDown();
        check(last.get() == 1, "close waits for what runs");
        closing.get();
        pool.shutdown();
        check(known.loaded.get() == 0, "and frees it");
        reswise.close(); // twice does no harm
        refused(() -> reswise.classify(green(), new Cancel()), "is closed");
    }

    private static void refusesNan(File bundle) {
        Known known = new Known();
        known.nan = true;
        Interpreter.desktop = known;
        try (Reswise reswise = Reswise.open(bundle)) {
            refused(() -> reswise.classify(green(), new Cancel()), "tiny@8: a score is NaN");
        }
    }

    private static void runsOnOtherEngines(File bundle) {
        Interpreter.desktop = new Known();
        int[] told = new int[1];
        Options more = new Options().threads(3).engine(new InterpreterEngine(o -> told[0]++));
        try (Reswise reswise = Reswise.open(bundle, more)) {
            reswise.classify(green(), new Cancel());
            check(told[0] == 1, "one file, loaded once, its options changed by the caller");
        }
        File cache = bundle.getParentFile();
        Options gpu = new Options().engine(new CompiledModelEngine(cache, Accelerator.GPU));
        try (Reswise reswise = Reswise.open(bundle, gpu)) {
            check(reswise.classify(green(), new Cancel()).index() == 1, "CompiledModel");
            check(reswise.engine().equals("LiteRT CompiledModel, GPU"), "says so");
        }
        refused(() -> new Options().threads(0), "expected 1..64");
    }

    private static void refused(Runnable action, String expected) {
        try {
            action.run();
            check(false, "not refused: " + expected);
        } catch (IllegalArgumentException | IllegalStateException error) {
            check(error.getMessage().contains(expected), "said " + error.getMessage());
        }
    }

    private static void cancelled(Runnable action, String what) {
        try {
            action.run();
            check(false, "not cancelled: " + what);
        } catch (CancellationException expected) {
            check(true, what);
        }
    }

    private static synchronized void check(boolean holds, String what) {
        if (!holds) {
            failed++;
            System.out.println("FAILED: " + what);
        }
    }
}
