package org.tensorflow.lite;

import java.nio.ByteBuffer;
import java.util.Map;

/**
 * STUB for compiling and tests. What it computes is the {@link Desktop}'s: a test sets one, such
 * as LiteRT of this machine behind a pipe.
 */
public final class Interpreter implements AutoCloseable {
    /** STUB. */
    public static class Options {
        private int threads = -1;
        private boolean cancellable;

        public Options() {}

        public Options setNumThreads(int numThreads) {
            threads = numThreads;
            return this;
        }

        public Options setCancellable(boolean allow) {
            cancellable = allow;
            return this;
        }
    }

    /** Not LiteRT's: what the tests put in its place. */
    public interface Desktop {
        /** A number for the file, by which it is run and closed. */
        int load(ByteBuffer content, int threads);

        void run(int file, String signature, String in, ByteBuffer input, ByteBuffer output);

        void close(int file);
    }

    /** Not LiteRT's. */
    public static volatile Desktop desktop;

    private final int file;
    private final boolean cancellable;
    private volatile boolean cancelled;

    public Interpreter(ByteBuffer byteBuffer, Options options) {
        if (!byteBuffer.isDirect()) {
            throw new IllegalArgumentException("neither mapped nor direct");
        }
        file = desktop.load(byteBuffer, options.threads);
        cancellable = options.cancellable;
    }

    public void run(Object input, Object output) {
        Map<String, Object> inputs = Map.of("", input);
        runSignature(inputs, Map.of("", output), "");
    }

    public void runSignature(
            Map<String, Object> inputs, Map<String, Object> outputs, String signatureKey) {
        String in = inputs.keySet().iterator().next();
        ByteBuffer input = (ByteBuffer) inputs.get(in);
        ByteBuffer output = (ByteBuffer) outputs.values().iterator().next();
        desktop.run(file, signatureKey, in, input, output);
        if (cancelled) {
            throw new IllegalArgumentException("the inference was cancelled");
        }
    }

    public void setCancelled(boolean cancelled) {
        if (!cancellable) {
            throw new IllegalStateException("not initialized with the cancellable option");
        }
        this.cancelled = cancelled;
    }

    @Override
    public void close() {
        desktop.close(file);
    }
}
