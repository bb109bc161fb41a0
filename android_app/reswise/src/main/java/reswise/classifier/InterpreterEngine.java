package reswise.classifier;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Map;
import java.util.function.Consumer;
import org.tensorflow.lite.Interpreter;

/**
 * LiteRT's Interpreter: on the CPU, by XNNPACK. One interpreter serves all rungs of a shared file,
 * so weights lie in memory once.
 */
public final class InterpreterEngine implements Engine {
    private final Consumer<Interpreter.Options> more;

    public InterpreterEngine() {
        this(options -> {});
    }

    /**
     * @param more changes the options before each file is loaded; with LiteRT 1.4 this is where a
     *     delegate is added, such as {@code options -> options.addDelegate(new GpuDelegate())}.
     */
    public InterpreterEngine(Consumer<Interpreter.Options> more) {
        this.more = more;
    }

    @Override
    public String name() {
        return "LiteRT Interpreter, CPU";
    }

    @Override
    public Model load(ByteBuffer content, int threads) {
        Interpreter.Options options = new Interpreter.Options();
        options.setNumThreads(threads);
        options.setCancellable(true);
        more.accept(options);
        return new Loaded(new Interpreter(content, options));
    }

    private static final class Loaded implements Model {
        private final Interpreter interpreter;

        Loaded(Interpreter interpreter) {
            this.interpreter = interpreter;
        }

        @Override
        public void run(String signature, Port input, Port output) {
            if (signature.isEmpty()) {
                interpreter.run(input.values(), output.values());
                return;
            }
            Map<String, Object> inputs = Collections.singletonMap(input.name(), input.values());
            interpreter.runSignature(
                    inputs, Collections.singletonMap(output.name(), output.values()), signature);
        }

        @Override
        public void interrupt() {
            interpreter.setCancelled(true);
        }

        @Override
        public void resume() {
            interpreter.setCancelled(false);
        }

        @Override
        public void close() {
            interpreter.close();
        }
    }
}
