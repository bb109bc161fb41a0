package reswise.classifier;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.tensorflow.lite.Interpreter;

/** What the tests in Python ask of the module: the first argument names it. */
final class Harness {
    private Harness() {}

    public static void main(String[] words) throws Exception {
        switch (words[0]) {
            case "own":
                int failed = OwnTest.run() + BehaviourTest.run(new File(words[1]));
                System.out.println(failed == 0 ? "all passed" : failed + " failed");
                System.exit(failed == 0 ? 0 : 1);
                break;
            case "selectors":
                selectors(Path.of(words[1]));
                break;
            case "open":
                open(words);
                break;
            case "resize":
                resize(Path.of(words[1]), Path.of(words[2]));
                break;
            case "looks":
                looks(Path.of(words[1]), Path.of(words[2]));
                break;
            case "time":
                Timing.run(Integer.parseInt(words[1]), Integer.parseInt(words[2]));
                break;
            case "bench":
                bench(words);
                break;
            default:
                throw new IllegalArgumentException(words[0]);
        }
    }

    /** The rungs run on each image, and the class answered, a line an image. */
    private static void selectors(Path path) throws IOException {
        // this reader has no bound on the file, which is the test's own
        Facts cases = Facts.of(Json.parse(Files.readString(path), "cases"), "cases");
        StringBuilder out = new StringBuilder();
        for (Facts facts : cases.objects("selectors", 1, 1000)) {
            Selector selector = Selector.read(facts);
            for (Facts one : cases.objects("images", 1, 100_000)) {
                Facts scores = one.object("scores");
                Selector.Image image = selector.image(unhex(one.textOrEmpty("id", 200)));
                image.look(one.numbers("look", 21, 21, -1e9, 1e9));
                List<String> run = new ArrayList<>();
                for (String rung; (rung = selector.next(image)) != null; run.add(rung)) {
                    image.answer(rung, floats(scores.numbers(rung, 1, 100_000, -1, 2)));
                }
                out.append(String.join(",", run)).append(' ');
                out.append(Scores.best(selector.answer(image))).append('\n');
            }
        }
        System.out.print(out);
    }

    /** Names hold line ends and quotes; the cases have them as hexadecimal UTF-8. */
    private static String unhex(String text) {
        byte[] bytes = new byte[text.length() / 2];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Integer.parseInt(text.substring(2 * i, 2 * i + 2), 16);
        }
        return new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
    }

    private static float[] floats(double[] values) {
        float[] found = new float[values.length];
        for (int i = 0; i < found.length; i++) {
            found[i] = (float) values[i];
        }
        return found;
    }

    /** Opens each folder and says what came of it, a line a folder. */
    private static void open(String[] folders) {
        for (int i = 1; i < folders.length; i++) {
            try (Reswise reswise = Reswise.open(new File(folders[i]))) {
                System.out.println("opened " + reswise.name());
            } catch (BundleException error) {
                System.out.println("refused " + error.getMessage());
            } catch (Throwable error) {
                System.out.println("crashed " + error);
            }
        }
    }

    /**
     * Cases, little-endian: width, height, resolution, crop in double, bicubic, antialias,
     * exif, then RGBA; writes the squares as floats, one after the other.
     */
    private static void resize(Path cases, Path out) throws IOException {
        ByteBuffer read = ByteBuffer.wrap(Files.readAllBytes(cases)).order(ByteOrder.LITTLE_ENDIAN);
        try (var file = new DataOutputStream(Files.newOutputStream(out))) {
            while (read.hasRemaining()) {
                int width = read.getInt();
                int height = read.getInt();
                int resolution = read.getInt();
                Preprocessing preprocessing =
                        new Preprocessing(read.getDouble(), read.getInt() == 1, read.getInt() == 1);
                int exif = read.getInt();
                byte[] rgba = new byte[4 * width * height];
                read.get(rgba);
                Picture picture = Picture.rgba(rgba, width, height).oriented(exif);
                float[] square = Resize.square(picture, resolution, preprocessing, new Cancel());
                ByteBuffer bytes = ByteBuffer.allocate(4 * square.length);
                bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(square);
                file.write(bytes.array());
            }
        }
    }

    /** Thumbnails of 48 x 48 x 3 floats -> 21 doubles each, little-endian. */
    private static void looks(Path thumbnails, Path out) throws IOException {
        ByteBuffer read =
                ByteBuffer.wrap(Files.readAllBytes(thumbnails)).order(ByteOrder.LITTLE_ENDIAN);
        try (var file = Files.newOutputStream(out)) {
            while (read.hasRemaining()) {
                float[] pixels = new float[48 * 48 * 3];
                for (int i = 0; i < pixels.length; i++) {
                    pixels[i] = read.getFloat();
                }
                ByteBuffer bytes = ByteBuffer.allocate(8 * Thumbnail.FEATURES);
                bytes.order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().put(Thumbnail.look(pixels));
                file.write(bytes.array());
            }
        }
    }

    /** bench BUNDLE PICTURES OUT PYTHON SCRIPT COUNT: the in-app bench, LiteRT behind a pipe. */
    private static void bench(String[] words) throws Exception {
        try (Pipe pipe = new Pipe(words[4], words[5])) {
            Interpreter.desktop = pipe;
            try (Reswise reswise = Reswise.open(new File(words[1]))) {
                FolderBench.Settings settings = new FolderBench.Settings();
                settings.leastSeconds = 0;
                settings.leastCount = Integer.parseInt(words[6]);
                settings.warmUp = 1;
                settings.probeEvery = 100; // too few to judge drift by: the pipe warms up
                FolderBench bench =
                        new FolderBench(reswise, new File(words[2]), Desk::decoded, settings);
                Map<String, String> device = Map.of("model", "a JDK \u00e9", "android", "none");
                System.out.println(bench.run(device, new File(words[3]), new Cancel()));
            }
        }
    }

    /** LiteRT of this machine, in Python, behind a pipe. */
    static final class Pipe implements Interpreter.Desktop, AutoCloseable {
        private final Process process;
        private final DataOutputStream to;
        private final DataInputStream from;

        Pipe(String python, String script) throws IOException {
            ProcessBuilder builder = new ProcessBuilder(python, script);
            builder.redirectError(ProcessBuilder.Redirect.INHERIT);
            process = builder.start();
            to = new DataOutputStream(new java.io.BufferedOutputStream(process.getOutputStream()));
            from = new DataInputStream(process.getInputStream());
        }

        @Override
        public synchronized int load(ByteBuffer content, int threads) {
            try {
                to.writeByte('L');
                to.writeInt(threads);
                send(content);
                to.flush();
                return from.readInt();
            } catch (IOException error) {
                throw new IllegalStateException(error);
            }
        }

        @Override
        public synchronized void run(
                int file, String signature, String in, ByteBuffer input, ByteBuffer output) {
            try {
                to.writeByte('R');
                to.writeInt(file);
                to.writeUTF(signature);
                to.writeUTF(in);
                send(input);
                to.flush();
                byte[] answer = new byte[from.readInt()];
                from.readFully(answer);
                if (answer.length != output.remaining()) {
                    throw new IllegalArgumentException(
                            answer.length + " bytes for room of " + output.remaining());
                }
                output.put(answer);
            } catch (IOException error) {
                throw new IllegalStateException(error);
            }
        }

        private void send(ByteBuffer values) throws IOException {
            byte[] bytes = new byte[values.remaining()];
            values.duplicate().get(bytes);
            to.writeInt(bytes.length);
            to.write(bytes);
        }

        @Override
        public void close(int file) {}

        @Override
        public void close() throws IOException {
            to.close();
            process.destroy();
        }
    }
}
