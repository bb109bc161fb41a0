package reswise.classifier;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A bundle, read and checked once: manifest, sizes, SHA-256 of every file, labels, selector.
 *
 * <p>What is inside a .tflite is LiteRT's to read; {@code reswise bundle verify} looks there too.
 */
final class Bundle {
    private static final String MANIFEST = "manifest.json";
    private static final long MOST_FILE = 1L << 30;
    private static final long MOST_BYTES = 4L << 30;
    private static final int MOST_LABELS = 8 << 20;

    final String name;
    final String hash; // SHA-256 of manifest.json
    final Map<String, Rung> rungs; // in ascending cost
    final Selector selector;
    final Rung look; // null: the selector needs none
    final String[] labels; // one a class; null: the bundle has none
    final Map<String, ByteBuffer> models; // file -> its mapped bytes

    private final BundleFiles stored;
    private final Map<String, Facts> files = new LinkedHashMap<>();

    /** @throws BundleException the first thing that is not as it should be, in one line. */
    Bundle(BundleFiles stored) {
        this.stored = stored;
        byte[] text = stored.read(MANIFEST, Json.MOST_BYTES);
        hash = sha256(ByteBuffer.wrap(text));
        String where = stored.where() + (stored.where().endsWith("/") ? "" : "/") + MANIFEST;
        Facts facts = Facts.of(Json.parse(text, where), where);
        if (!facts.has("format")) {
            throw new BundleException(where + ": no `format`; expected a manifest of format 1.");
        }
        facts.whole("format", 1, 1);
        facts.only("format", "name", "files", "rungs", "selector", "labels", "look", "measured");
        name = facts.text("name", 200);
        readFiles(facts);
        rungs = readRungs(facts);
        selector = Selector.read(facts.object("selector"));
        checkLadder(facts);
        look = readLook(facts);
        checkOffset(facts);
        models = mapped();
        labels = facts.has("labels") ? readLabels(facts) : null;
    }

    int classes() {
        return rungs.values().iterator().next().classes();
    }

    private void readFiles(Facts facts) {
        Set<String> seen = new HashSet<>();
        seen.add(MANIFEST);
        long total = 0;
        for (Facts one : facts.objects("files", 1, 64)) {
            one.only("file", "size_bytes", "sha256");
            String file = one.file("file");
            if (!seen.add(file.toLowerCase(Locale.ROOT))) {
                throw one.wrong("file", Json.shown(file), "a name that stands once");
            }
            total += one.whole("size_bytes", 1, MOST_FILE);
            if (!one.text("sha256", 64).matches("[0-9a-f]{64}")) {
                throw one.wrong("sha256", "no SHA-256", "64 hexadecimal digits");
            }
            files.put(file, one);
        }
        if (total > MOST_BYTES) {
            throw facts.wrong("files", total + " bytes together", "at most " + MOST_BYTES);
        }
    }

    private Map<String, Rung> readRungs(Facts facts) {
        Map<String, Rung> found = new LinkedHashMap<>();
        long macs = 0;
        for (Facts one : facts.objects("rungs", 1, 256)) {
            Rung rung = Rung.read(one);
            if (rung.macs < macs) {
                throw one.wrong("macs", rung.macs + " after " + macs, "ascending ones");
            }
            if (found.put(rung.name, rung) != null) {
                throw one.wrong("rung", Json.shown(rung.name), "each rung once");
            }
            int classes = found.values().iterator().next().classes();
            if (rung.classes() != classes) {
                throw one.wrong("output", rung.classes() + " classes", classes + ", as the first");
            }
            declared(one, rung.file);
            macs = rung.macs;
        }
        return found;
    }

    private void checkLadder(Facts facts) {
        long macs = -1;
        for (String name : selector.ladder) {
            Rung rung = rungs.get(name);
            if (rung == null) {
                throw facts.wrong("selector.ladder", "with " + Json.shown(name), "rungs there are");
            }
            if (rung.macs <= macs) {
                throw facts.wrong("selector.ladder", "not ascending in MACs", "an ascending one");
            }
            macs = rung.macs;
        }
    }

    private Rung readLook(Facts facts) {
        if (!facts.has("look")) {
            return null;
        }
        if (!(selector instanceof Learned)) {
            throw facts.wrong("look", "given", "null: only the learned selector looks");
        }
        Preprocessing preprocessing = rungs.values().iterator().next().preprocessing;
        Rung found = Rung.look(facts.object("look"), selector.ladder.length, preprocessing);
        declared(facts, found.file);
        return found;
    }

    private void checkOffset(Facts facts) {
        Facts measured = facts.object("measured");
        if (measured.has("class_offset")) {
            measured.whole("class_offset", 0, classes() - 1);
        }
    }

    private void declared(Facts facts, String file) {
        if (!files.containsKey(file)) {
            throw facts.wrong("file", Json.shown(file), "one that `files` declares");
        }
    }

    private Map<String, ByteBuffer> mapped() {
        Map<String, ByteBuffer> found = new LinkedHashMap<>();
        for (Rung rung : rungs.values()) {
            found.putIfAbsent(rung.file, null);
        }
        if (look != null) {
            found.putIfAbsent(look.file, null);
        }
        for (String file : files.keySet()) {
            ByteBuffer content = stored.map(file, files.get(file).whole("size_bytes", 1, MOST_FILE));
            checkContent(file, content);
            found.replace(file, content); // others, such as labels, are only checked
        }
        return found;
    }

    private void checkContent(String file, ByteBuffer content) {
        String held = sha256(content.duplicate());
        String said = files.get(file).text("sha256", 64);
        if (!held.equals(said)) {
            throw new BundleException(
                    stored.where() + ": " + file + ": its SHA-256 begins " + held.substring(0, 12)
                            + ", the manifest declares " + said.substring(0, 12)
                            + ": the file was changed. Copy the bundle again.");
        }
    }

    private String[] readLabels(Facts facts) {
        String file = facts.file("labels");
        declared(facts, file);
        if (models.containsKey(file)) {
            throw facts.wrong("labels", Json.shown(file) + ", a model", "labels");
        }
        String where = stored.where() + ": " + file;
        String text = Json.text(stored.read(file, MOST_LABELS), where).replace("\r\n", "\n");
        String[] lines = (text.endsWith("\n") ? text : text + "\n").split("\n", -1);
        int count = lines.length - 1; // behind the last line's end is nothing
        if (count != classes()) {
            throw new BundleException(
                    where + ": " + count + " lines for " + classes() + " classes; expected one a line.");
        }
        for (String line : lines) {
            if (!Json.showable(line)) {
                throw new BundleException(where + ": unshowable characters in " + Json.shown(line));
            }
        }
        return java.util.Arrays.copyOf(lines, count);
    }

    private static String sha256(ByteBuffer content) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException error) {
            throw new IllegalStateException(error); // every Java has it
        }
        digest.update(content);
        StringBuilder found = new StringBuilder();
        for (byte one : digest.digest()) {
            found.append(String.format(Locale.ROOT, "%02x", one));
        }
        return found.toString();
    }
}
