package reswise.classifier;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON from a stranger: small, shallow, finite, each key once, text that can be shown.
 *
 * <p>Objects become {@code Map}, arrays {@code List}, whole numbers {@code Long}, others {@code
 * Double}, the rest {@code String}, {@code Boolean} or null. convert's strict_json.py says the same.
 */
final class Json {
    static final int MOST_BYTES = 8 << 20;
    private static final int MOST_DEPTH = 32;
    private static final int MOST_DIGITS = 18; // such whole numbers fit a long

    private final String text;
    private final String where;
    private int at = 0;

    private Json(String text, String where) {
        this.text = text;
        this.where = where;
    }

    /**
     * The value that JSON text stands for.
     *
     * @param where what the text is, for errors.
     * @throws BundleException larger or deeper than is sensible, not UTF-8, not JSON.
     */
    static Object parse(byte[] content, String where) {
        if (content.length > MOST_BYTES) {
            throw new BundleException(where + ": over 8 MiB; expected less.");
        }
        return parse(text(content, where), where);
    }

    static Object parse(String text, String where) {
        Json json = new Json(text, where);
        Object value = json.value(0);
        json.space();
        if (json.at != text.length()) {
            throw json.wrong("nothing more");
        }
        return value;
    }

    /** Bytes as UTF-8; nothing is replaced in silence. */
    static String text(byte[] content, String where) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(content))
                    .toString();
        } catch (CharacterCodingException error) {
            throw new BundleException(where + ": not UTF-8.");
        }
    }

    /** Whether it moves no cursor, hides nothing and is whole Unicode. */
    static boolean showable(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean control = c < ' ' && c != '\t' && c != '\n';
            boolean hidden = c >= 0x7f && c < 0xa0 || c >= 0x2028 && c <= 0x202e;
            if (control || hidden || c >= 0x2066 && c <= 0x2069) {
                return false;
            }
            if (Character.isSurrogate(c)) {
                boolean pair = i + 1 < text.length() && Character.isHighSurrogate(c);
                if (!pair || !Character.isLowSurrogate(text.charAt(++i))) {
                    return false;
                }
            }
        }
        return true;
    }

    /** At most so many characters of a stranger's text, none that a terminal obeys. */
    static String shown(Object value) {
        String text = String.valueOf(value);
        StringBuilder found = new StringBuilder("'");
        for (int i = 0; i < Math.min(text.length(), 60); i++) {
            char c = text.charAt(i);
            found.append(c >= ' ' && c < 0x7f ? c : '?');
        }
        return found.append('\'').toString();
    }

    private Object value(int depth) {
        if (depth >= MOST_DEPTH) {
            throw new BundleException(where + ": nested deeper than " + MOST_DEPTH + " levels.");
        }
        space();
        if (at == text.length()) {
            throw wrong("a value");
        }
        switch (text.charAt(at)) {
            case '{':
                return readObject(depth);
            case '[':
                return readList(depth);
            case '"':
                return readString();
            case 't':
                return word("true", Boolean.TRUE);
            case 'f':
                return word("false", Boolean.FALSE);
            case 'n':
                return word("null", null);
            default:
                return readNumber();
        }
    }

    private Map<String, Object> readObject(int depth) {
        Map<String, Object> found = new LinkedHashMap<>();
        at++;
        if (next('}')) {
            return found;
        }
        do {
            space();
            String key = readString();
            if (!next(':')) {
                throw wrong("a colon");
            }
            if (found.containsKey(key)) {
                throw new BundleException(
                        where + ": the key " + shown(key) + " stands twice in one object.");
            }
            found.put(key, value(depth + 1));
        } while (next(','));
        if (!next('}')) {
            throw wrong("a comma or the end of the object");
        }
        return found;
    }

    private List<Object> readList(int depth) {
        List<Object> found = new ArrayList<>();
        at++;
        if (next(']')) {
            return found;
        }
        do {
            found.add(value(depth + 1));
        } while (next(','));
        if (!next(']')) {
            throw wrong("a comma or the end of the list");
        }
        return found;
    }

    private String readString() {
        StringBuilder found = new StringBuilder();
        if (at == text.length() || text.charAt(at) != '"') {
            throw wrong("a string");
        }
        for (at++; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '"') {
                at++;
                return checked(found.toString());
            }
            if (c < ' ') {
                throw wrong("no control character");
            }
            found.append(c == '\\' ? escaped() : c);
        }
        throw wrong("the end of the string");
    }

    private String checked(String found) {
        if (!showable(found)) {
            throw new BundleException(where + ": unshowable characters in " + shown(found) + ".");
        }
        return found;
    }

    /** The character of an escape; stays on the last character read. */
    private char escaped() {
        int place = at + 1 < text.length() ? "\"\\/bfnrtu".indexOf(text.charAt(++at)) : -1;
        if (place < 0) {
            throw wrong("an escape");
        }
        if (place < 8) {
            return "\"\\/\b\f\n\r\t".charAt(place);
        }
        int code = 0;
        for (int i = 0; i < 4; i++) {
            int digit = ++at < text.length() ? Character.digit(text.charAt(at), 16) : -1;
            if (digit < 0 || text.charAt(at) > 'f') {
                throw wrong("four hexadecimal digits");
            }
            code = code << 4 | digit;
        }
        return (char) code;
    }

    private Number readNumber() {
        int start = at;
        next0('-');
        if (!next0('0') && digits() == 0) {
            throw wrong("a value");
        }
        int whole = at - start;
        if (next0('.') && digits() == 0) {
            throw wrong("a digit");
        }
        if (next0('e') || next0('E')) {
            if (!next0('-')) {
                next0('+');
            }
            if (digits() == 0) {
                throw wrong("a digit");
            }
        }
        String read = text.substring(start, at);
        return at - start == whole ? (Number) whole(read) : (Number) finite(read);
    }

    private Long whole(String read) {
        if (read.length() - (read.startsWith("-") ? 1 : 0) > MOST_DIGITS) {
            throw new BundleException(
                    where + ": the number " + read.substring(0, 18) + "... is longer than "
                            + MOST_DIGITS + " digits.");
        }
        return Long.valueOf(read);
    }

    private Double finite(String read) {
        Double value = Double.valueOf(read); // correctly rounded, as Python's
        if (value.isInfinite()) {
            throw new BundleException(where + ": the number " + shown(read) + " is too large.");
        }
        return value;
    }

    private int digits() {
        int start = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        return at - start;
    }

    private Object word(String word, Object value) {
        if (!text.startsWith(word, at)) {
            throw wrong(word);
        }
        at += word.length();
        return value;
    }

    private boolean next(char c) {
        space();
        return next0(c);
    }

    private boolean next0(char c) {
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private BundleException wrong(String expected) {
        return new BundleException(where + ": not JSON: expected " + expected + " at " + at + ".");
    }
}
