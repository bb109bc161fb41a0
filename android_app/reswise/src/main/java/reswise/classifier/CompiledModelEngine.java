package reswise.classifier;

import com.google.ai.edge.litert.Accelerator;
import com.google.ai.edge.litert.CompiledModel;
import com.google.ai.edge.litert.LiteRtException;
import com.google.ai.edge.litert.TensorBuffer;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Map;

/**
 * LiteRT's CompiledModel: for a GPU or an NPU, or for the CPU. A file is compiled once and all its
 * signatures run. It takes paths, not memory, so the checked bytes are written to a folder first.
 *
 * <p>Never run on a device by us. Inputs and outputs of float32 and int8 alone.
 */
public final class CompiledModelEngine implements Engine {
    private final File folder;
    private final Accelerator accelerator;

    /**
     * @param folder of the app's own, such as {@code context.getCacheDir()}.
     * @param accelerator one alone: with several LiteRT falls back without a word.
     */
    public CompiledModelEngine(File folder, Accelerator accelerator) {
        this.folder = folder;
        this.accelerator = accelerator;
    }

    @Override
    public String name() {
        return "LiteRT CompiledModel, " + accelerator;
    }

    @Override
    public Model load(ByteBuffer content, int threads) {
        try {
            File file = File.createTempFile("reswise", ".tflite", folder);
            try (FileOutputStream to = new FileOutputStream(file)) {
                ByteBuffer from = content.duplicate();
                while (from.hasRemaining()) {
                    to.getChannel().write(from);
                }
            }
            return new Loaded(file, CompiledModel.create(file.getPath(), options(threads), null));
        } catch (IOException | LiteRtException error) {
            throw new IllegalStateException(name() + ": " + error.getMessage(), error);
        }
    }

    private CompiledModel.Options options(int threads) {
        CompiledModel.Options options = new CompiledModel.Options(accelerator);
        if (accelerator == Accelerator.CPU) {
            options.setCpuOptions(new CompiledModel.CpuOptions(threads, null, null));
        }
        return options;
    }

    private static final class Loaded implements Model {
        private final File file;
        private final CompiledModel model;

        Loaded(File file, CompiledModel model) {
            this.file = file;
            this.model = model;
        }

        @Override
        public void run(String signature, Port input, Port output) {
            try (TensorBuffer from = model.createInputBuffer(input.name(), signature);
                    TensorBuffer to = model.createOutputBuffer(output.name(), signature)) {
                write(input, from);
                Map<String, TensorBuffer> inputs = Collections.singletonMap(input.name(), from);
                model.run(inputs, Collections.singletonMap(output.name(), to), signature);
                read(to, output);
            } catch (LiteRtException error) {
                throw new IllegalStateException("LiteRT: " + error.getMessage(), error);
            }
        }

        private static void write(Port input, TensorBuffer to) throws LiteRtException {
            ByteBuffer values = input.values();
            if (isFloat(input)) {
                float[] floats = new float[values.remaining() / 4];
                values.asFloatBuffer().get(floats);
                to.writeFloat(floats);
            } else {
                byte[] bytes = new byte[values.remaining()];
                values.get(bytes);
                to.writeInt8(bytes);
            }
        }

        private static void read(TensorBuffer from, Port output) throws LiteRtException {
            if (isFloat(output)) {
                output.values().asFloatBuffer().put(from.readFloat());
            } else {
                output.values().put(from.readInt8());
            }
        }

        private static boolean isFloat(Port port) {
            if (!port.dtype().equals("float32") && !port.dtype().equals("int8")) {
                throw new IllegalStateException(
                        port.name() + ": " + port.dtype() + "; CompiledModel is fed float32 and "
                                + "int8 here. Use InterpreterEngine.");
            }
            return port.dtype().equals("float32");
        }

        @Override
        public void close() {
            model.close();
            file.delete();
        }
    }
}
