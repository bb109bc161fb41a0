package reswise.classifier;

import android.content.res.AssetManager;
import android.graphics.Bitmap;
import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A bundle, opened: it classifies pictures by climbing the bundle's ladder as its selector says.
 *
 * <pre>
 *   try (Reswise reswise = Reswise.open(context.getAssets(), "bundle")) {
 *       Classification found = reswise.classify(bitmap);
 *       show(found.label(), found.score(), found.steps());
 *   }
 * </pre>
 *
 * Any thread may call it; classifications run one after the other. Keep it off the main thread.
 */
public final class Reswise implements AutoCloseable {
    private static final Cancel NEVER = new Cancel();

    private final Bundle bundle;
    private final Options options;
    private final ReentrantLock lock = new ReentrantLock(true);
    private final Map<String, Engine.Model> models = new LinkedHashMap<>(); // file -> loaded
    private final Map<String, Long> loadNanos = new LinkedHashMap<>();
    private final Map<String, Runner> runners = new LinkedHashMap<>(); // rung -> its runner
    private Runner look;
    private boolean closed;
    private long unnamed;

    private Reswise(Bundle bundle, Options options) {
        this.bundle = bundle;
        this.options = options;
    }

    /** A bundle in the app's assets, or in an asset pack delivered at install time. */
    public static Reswise open(AssetManager assets, String folder) {
        return open(assets, folder, new Options());
    }

    /** @throws BundleException the first thing that is not as it should be, in one line. */
    public static Reswise open(AssetManager assets, String folder, Options options) {
        return new Reswise(new Bundle(new AssetFiles(assets, folder)), options);
    }

    /** A bundle in a folder of the app's own, such as below {@code getFilesDir()}. */
    public static Reswise open(File folder) {
        return open(folder, new Options());
    }

    /** @throws BundleException the first thing that is not as it should be, in one line. */
    public static Reswise open(File folder, Options options) {
        return new Reswise(new Bundle(new FolderFiles(folder)), options);
    }

    public Classification classify(Bitmap bitmap) {
        return classify(Picture.of(bitmap), NEVER);
    }

    /** @param rotation clockwise, 0, 90, 180 or 270 degrees. */
    public Classification classify(Bitmap bitmap, int rotation) {
        return classify(Picture.of(bitmap).rotated(rotation), NEVER);
    }

    /** @param rgba R, G, B, A, row after row. */
    public Classification classify(byte[] rgba, int width, int height, int rotation) {
        return classify(Picture.rgba(rgba, width, height).rotated(rotation), NEVER);
    }

    /**
     * Climbs the ladder for one picture.
     *
     * @throws java.util.concurrent.CancellationException the token was cancelled.
     * @throws IllegalStateException this is closed, or a rung gave no numbers.
     */
    public Classification classify(Picture picture, Cancel cancel) {
        lock.lock();
        try {
            checkOpen();
            return climb(picture, cancel);
        } finally {
            lock.unlock();
        }
    }

    /** The name of the bundle. */
    public String name() {
        return bundle.name;
    }

    /** The rungs that its selector chooses from, in ascending cost. */
    public List<String> ladder() {
        return Collections.unmodifiableList(Arrays.asList(bundle.selector.ladder));
    }

    /** Frees what was loaded, once the classification that runs is done. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            runners.clear();
            look = null;
            models.values().forEach(Engine.Model::close);
            models.clear();
        } finally {
            lock.unlock();
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("this Reswise is closed; open the bundle again.");
        }
    }

    private Classification climb(Picture picture, Cancel cancel) {
        cancel.check();
        Selector selector = bundle.selector;
        String id = picture.id == null ? "picture " + unnamed++ : picture.id;
        Selector.Image image = selector.image(id);
        Clock clock = new Clock();
        List<Classification.Step> steps = new ArrayList<>();
        long macs = selector.ownMacs();
        if (selector instanceof Learned) {
            see(picture, image, cancel, clock);
        }
        for (String rung; (rung = clock.choice(() -> selector.next(image))) != null; ) {
            cancel.check();
            Runner runner = runner(rung);
            clock.prepare(() -> runner.prepare(picture, cancel));
            long nanos = runner.run(cancel);
            clock.choice(() -> image.answer(rungName(runner), runner.scores()));
            steps.add(new Classification.Step(rung, ladder().indexOf(rung), nanos));
            macs += runner.rung.macs;
        }
        float[] scores = clock.choice(() -> selector.answer(image));
        return new Classification(
                bundle.labels, scores, steps, clock.selector, clock.prepare, macs);
    }

    private static String rungName(Runner runner) {
        return runner.rung.name;
    }

    /** The thumbnail, through the bundle's own net for it or as features. */
    private void see(Picture picture, Selector.Image image, Cancel cancel, Clock clock) {
        Preprocessing preprocessing = bundle.rungs.values().iterator().next().preprocessing;
        float[] pixels =
                clock.prepared(() -> Resize.square(picture, Thumbnail.SIDE, preprocessing, cancel));
        if (bundle.look == null) {
            clock.choice(() -> image.look(Thumbnail.look(pixels)));
            return;
        }
        if (look == null) {
            look = new Runner(bundle.look, model(bundle.look.file));
        }
        clock.choice(
                () -> {
                    look.prepare(pixels);
                    look.run(cancel);
                    float[] chances = look.scores();
                    double[] wide = new double[chances.length];
                    for (int i = 0; i < wide.length; i++) {
                        wide[i] = chances[i];
                    }
                    image.chances(wide);
                });
    }

    private Runner runner(String name) {
        Runner held = runners.get(name);
        if (held == null) {
            Rung rung = bundle.rungs.get(name);
            held = new Runner(rung, model(rung.file));
            runners.put(name, held);
        }
        return held;
    }

    private Engine.Model model(String file) {
        Engine.Model held = models.get(file);
        if (held == null) {
            long start = System.nanoTime();
            held = options.engine.load(bundle.models.get(file).duplicate(), options.threads);
            loadNanos.put(file, System.nanoTime() - start);
            models.put(file, held);
        }
        return held;
    }

    // what an in-app bench needs beside classify

    /** Loads and runs every rung of the ladder so often; the first inference of each, in ns. */
    long[] warmUp(Picture picture, int times) {
        lock.lock();
        try {
            checkOpen();
            long[] first = new long[bundle.selector.ladder.length];
            for (int step = 0; step < first.length; step++) {
                Runner runner = runner(bundle.selector.ladder[step]);
                runner.prepare(picture, NEVER);
                first[step] = runner.run(NEVER);
                for (int time = 1; time < times; time++) {
                    runner.run(NEVER);
                }
            }
            return first;
        } finally {
            lock.unlock();
        }
    }

    /** Nanoseconds of the lowest rung, on one picture. */
    long probe(Picture picture) {
        lock.lock();
        try {
            checkOpen();
            Runner runner = runner(bundle.selector.ladder[0]);
            runner.prepare(picture, NEVER);
            return runner.run(NEVER);
        } finally {
            lock.unlock();
        }
    }

    List<Long> loadNanos() {
        return new ArrayList<>(loadNanos.values());
    }

    String bundleHash() {
        return bundle.hash;
    }

    int threads() {
        return options.threads;
    }

    String engine() {
        return options.engine.name();
    }
}
