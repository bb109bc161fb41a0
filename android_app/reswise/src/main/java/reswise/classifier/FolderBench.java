package reswise.classifier;

import java.io.BufferedWriter;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The bundle's selector over a folder of pictures, inside the app. It writes the JSON lines that
 * reswise's own runner writes, so that {@code reswise bench --import device.jsonl} judges them.
 *
 * <p>Each picture is decoded, resized and classified as in use; inference and selector are what
 * {@code total_ns} counts, as the runner does, decoding and resizing stand beside it.
 */
public final class FolderBench {
    /** Encoded bytes -> pixels, turned as the file says. */
    public interface Decoder {
        Picture decode(byte[] encoded) throws IOException;
    }

    /** How long a bench goes on; the defaults are those of {@code reswise bench}. */
    public static final class Settings {
        public int warmUp = 5;
        public int rounds = 1;
        public int leastCount = 1024;
        public double leastSeconds = 60;
        public int probeEvery = 50; // pictures; 0: no probe

        Map<String, Object> facts() {
            Map<String, Object> found = new LinkedHashMap<>();
            found.put("threads", 1);
            found.put("warm_up", warmUp);
            found.put("rounds", rounds);
            found.put("least_count", leastCount);
            found.put("least_seconds", leastSeconds);
            found.put("probe_every", probeEvery);
            return found;
        }
    }

    private final Reswise reswise;
    private final File folder;
    private final Decoder decoder;
    private final Settings settings;

    public FolderBench(Reswise reswise, File folder, Decoder decoder, Settings settings) {
        this.reswise = reswise;
        this.folder = folder;
        this.decoder = decoder;
        this.settings = settings;
    }

    /**
     * Runs to the end, or until cancelled: then the last line is missing, and the import says so.
     *
     * @param device what it ran on: model, android, api and the like, for the report.
     * @param to the file of results; what lies there is replaced.
     * @return pictures classified, all rounds counted.
     */
    public int run(Map<String, String> device, File to, Cancel cancel) throws IOException {
        List<String> ids = ids();
        Picture first = null;
        try (BufferedWriter lines = writer(to)) {
            List<String> readable = new ArrayList<>();
            for (String id : ids) {
                Picture picture = decoded(id, lines);
                if (picture != null) {
                    readable.add(id);
                    first = first == null ? picture : first;
                }
            }
            if (first == null) {
                throw new IOException(folder + ": no picture can be read.");
            }
            start(lines, device, readable.size(), reswise.warmUp(first, settings.warmUp));
            int items = round(lines, readable, first, cancel);
            Map<String, Object> done = event("done");
            done.put("items", items);
            done.put("peak_kb", peakKilobytes());
            write(lines, done);
            return items;
        }
    }

    private int round(BufferedWriter lines, List<String> ids, Picture first, Cancel cancel)
            throws IOException {
        long busy = 0;
        int item = 0;
        for (int round = 0;
                round < settings.rounds
                        || item < settings.leastCount
                        || busy < settings.leastSeconds * 1e9;
                round++) {
            for (String id : ids) {
                if (settings.probeEvery > 0 && item % settings.probeEvery == 0) {
                    Map<String, Object> probe = event("probe");
                    probe.put("item", item);
                    probe.put("ns", reswise.probe(first));
                    write(lines, probe);
                }
                busy += one(lines, id, item++, cancel);
            }
        }
        return item;
    }

    private long one(BufferedWriter lines, String id, int item, Cancel cancel) throws IOException {
        long start = System.nanoTime();
        Picture picture = decoder.decode(content(id)).named(id);
        long decode = System.nanoTime() - start;
        Classification found = reswise.classify(picture, cancel);
        Map<String, Object> line = event("image");
        line.put("item", item);
        line.put("total_ns", found.inferenceNanos());
        line.put("id", id);
        List<Object> rungs = new ArrayList<>();
        List<Object> nanos = new ArrayList<>();
        for (Classification.Step step : found.steps()) {
            rungs.add(step.place());
            nanos.add(step.nanos());
        }
        line.put("rungs", rungs);
        line.put("rung_ns", nanos);
        line.put("selector_ns", found.selectorNanos());
        line.put("decode_ns", decode);
        line.put("prepare_ns", found.prepareNanos());
        List<Object> top = new ArrayList<>();
        float[] scores = found.scores();
        for (int place : found.top(5)) {
            top.add(Arrays.asList(place, scores[place]));
        }
        line.put("top", top);
        write(lines, line);
        return found.inferenceNanos();
    }

    private void start(BufferedWriter lines, Map<String, String> device, int images, long[] first)
            throws IOException {
        Map<String, Object> line = event("start");
        line.put("plan", reswise.bundleHash().substring(0, 16));
        line.put("item", 0);
        line.put("cores", 0);
        line.put("threads", reswise.threads());
        List<Object> files = new ArrayList<>();
        for (long nanos : reswise.loadNanos()) {
            Map<String, Object> file = new LinkedHashMap<>();
            file.put("load_ns", nanos);
            file.put("resident_kb", 0);
            files.add(file);
        }
        line.put("files", files);
        List<Object> firsts = new ArrayList<>();
        for (long nanos : first) {
            firsts.add(nanos);
        }
        line.put("first_ns", firsts);
        Map<String, Object> app = new LinkedHashMap<>();
        app.put("bundle_sha256", reswise.bundleHash());
        app.put("images", images);
        app.put("engine", reswise.engine());
        Map<String, Object> said = settings.facts();
        said.put("threads", reswise.threads());
        app.put("settings", said);
        app.put("device", new LinkedHashMap<>(device));
        line.put("app", app);
        write(lines, line);
    }

    /** Pictures below the folder, in order; names that begin with a dot are passed over. */
    private List<String> ids() throws IOException {
        List<String> found = new ArrayList<>();
        collect(folder, "", found);
        if (found.isEmpty()) {
            throw new IOException(folder + ": no pictures there.");
        }
        return found;
    }

    private static void collect(File folder, String above, List<String> found) {
        String[] names = folder.list();
        if (names == null) {
            return;
        }
        Arrays.sort(names);
        for (String name : names) {
            File file = new File(folder, name);
            if (name.startsWith(".")) {
                continue;
            } else if (file.isDirectory()) {
                collect(file, above + name + "/", found);
            } else {
                found.add(above + name);
            }
        }
    }

    private byte[] content(String id) throws IOException {
        return Files.readAllBytes(new File(folder, id).toPath());
    }

    private Picture decoded(String id, BufferedWriter lines) throws IOException {
        try {
            return decoder.decode(content(id));
        } catch (IOException error) {
            Map<String, Object> line = event("unreadable");
            line.put("id", id);
            write(lines, line);
            return null;
        }
    }

    private static Map<String, Object> event(String name) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("event", name);
        return line;
    }

    private static BufferedWriter writer(File to) throws IOException {
        return new BufferedWriter(
                new OutputStreamWriter(new FileOutputStream(to), StandardCharsets.US_ASCII));
    }

    private static void write(BufferedWriter lines, Map<String, Object> line) throws IOException {
        lines.write(JsonText.of(line));
        lines.write('\n');
        lines.flush();
    }

    /** The most memory that this process ever took; 0 where the system does not say. */
    private static long peakKilobytes() {
        try {
            for (String line : Files.readAllLines(new File("/proc/self/status").toPath())) {
                if (line.startsWith("VmHWM:")) {
                    return Long.parseLong(line.replaceAll("[^0-9]", ""));
                }
            }
        } catch (IOException | NumberFormatException error) {
            return 0;
        }
        return 0;
    }
}
