package reswise.classifier;

import java.nio.ByteBuffer;

/**
 * What computes scores. {@link InterpreterEngine} runs on the CPU; give another one to {@link
 * Options} for a GPU, or for a delegate of your own.
 */
public interface Engine {
    /** In words, for results: what runs where. */
    String name();

    /**
     * A file of a bundle, ready to run all its signatures.
     *
     * @param content mapped, checked, read-only.
     * @param threads of the CPU.
     */
    Model load(ByteBuffer content, int threads);

    /** One loaded file. Only one thread at a time calls it. */
    interface Model extends AutoCloseable {
        /**
         * Runs one signature: reads the input from its beginning, fills the output from its own.
         *
         * @param signature its name; empty: the file's only graph.
         */
        void run(String signature, Port input, Port output);

        /** Asks a run in another thread to end soon; it then throws. */
        default void interrupt() {}

        /** After an interrupted run: the next one may run. */
        default void resume() {}

        @Override
        void close();
    }

    /** One input or output of a signature, with room for one image. */
    final class Port {
        private final Tensor tensor;
        private final ByteBuffer values;

        Port(Tensor tensor) {
            this.tensor = tensor;
            values = tensor.room();
        }

        /** Its name in the signature. */
        public String name() {
            return tensor.name;
        }

        /** float32, uint8, int8 or int16. */
        public String dtype() {
            return tensor.dtype;
        }

        /** Direct, in the machine's byte order. */
        public ByteBuffer values() {
            return values;
        }
    }
}
