import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads JSON text: objects become {@code Map}, arrays {@code List}, numbers {@code Double},
 * the rest {@code String}, {@code Boolean} or null. On Android, org.json does as well; here
 * nothing but the JDK is needed.
 */
final class Json {
    private static final int MOST_DEPTH = 64;

    private final String text;
    private int at = 0;

    private Json(String text) {
        this.text = text;
    }

    /** @throws IllegalArgumentException where the text is not JSON. */
    static Object parse(String text) {
        Json json = new Json(text);
        Object value = json.value(0);
        json.space();
        if (json.at != text.length()) {
            throw json.wrong("nothing more");
        }
        return value;
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }

    @SuppressWarnings("unchecked")
    static List<Object> list(Object value) {
        return (List<Object>) value;
    }

    static double number(Object value) {
        return (Double) value;
    }

    static int whole(Object value) {
        return (int) number(value);
    }

    static String[] strings(Object value) {
        return list(value).toArray(new String[0]);
    }

    static double[] numbers(Object value) {
        List<Object> held = list(value);
        double[] found = new double[held.size()];
        for (int i = 0; i < found.length; i++) {
            found[i] = number(held.get(i));
        }
        return found;
    }

    static int[] wholes(Object value) {
        double[] held = numbers(value);
        int[] found = new int[held.length];
        for (int i = 0; i < found.length; i++) {
            found[i] = (int) held[i];
        }
        return found;
    }

    private Object value(int depth) {
        if (depth > MOST_DEPTH) {
            throw wrong("less depth");
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
                return found.toString();
            }
            found.append(c == '\\' ? escaped() : c);
        }
        throw wrong("the end of the string");
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
        if (at + 4 >= text.length()) {
            throw wrong("four hexadecimal digits");
        }
        at += 4;
        return (char) Integer.parseInt(text.substring(at - 3, at + 1), 16);
    }

    private Double readNumber() {
        int start = at;
        while (at < text.length() && "+-.0123456789eE".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        if (start == at) {
            throw wrong("a value");
        }
        return Double.valueOf(text.substring(start, at)); // correctly rounded, as Python's
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

    private IllegalArgumentException wrong(String expected) {
        return new IllegalArgumentException("JSON: expected " + expected + " at " + at);
    }
}
