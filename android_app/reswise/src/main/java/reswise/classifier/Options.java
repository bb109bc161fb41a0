package reswise.classifier;

/** How a bundle is run. Every setter gives a new object; the defaults are one thread, CPU. */
public final class Options {
    final int threads;
    final Engine engine;

    public Options() {
        this(1, new InterpreterEngine());
    }

    private Options(int threads, Engine engine) {
        this.threads = threads;
        this.engine = engine;
    }

    /**
     * Threads of the CPU for one inference.
     *
     * @throws IllegalArgumentException below 1 or above 64.
     */
    public Options threads(int threads) {
        if (threads < 1 || threads > 64) {
            throw new IllegalArgumentException(threads + " threads; expected 1..64.");
        }
        return new Options(threads, engine);
    }

    /** What computes scores, such as {@code new CompiledModelEngine(context, Accelerator.GPU)}. */
    public Options engine(Engine engine) {
        return new Options(threads, engine);
    }
}
