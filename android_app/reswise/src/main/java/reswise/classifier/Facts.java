package reswise.classifier;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * One JSON object of a manifest, read field by field. Every reader says what it expects, and what
 * is not as expected ends in one line that names the field.
 */
final class Facts {
    private final Map<?, ?> held;
    private final String where;

    private Facts(Map<?, ?> held, String where) {
        this.held = held;
        this.where = where;
    }

    /** @param where what the object is, for errors. */
    static Facts of(Object json, String where) {
        if (!(json instanceof Map)) {
            throw new BundleException(where + ": is no JSON object; expected one.");
        }
        return new Facts((Map<?, ?>) json, where);
    }

    /** Refuses fields that are missing, and fields that this version does not know. */
    Facts only(String... names) {
        List<String> known = Arrays.asList(names);
        for (String name : known) {
            if (!held.containsKey(name)) {
                throw new BundleException(where + ": " + name + " is missing.");
            }
        }
        for (Object name : held.keySet()) {
            if (!known.contains(name)) {
                throw new BundleException(
                        where + ": the field " + Json.shown(name) + " is unknown here.");
            }
        }
        return this;
    }

    boolean has(String name) {
        return held.get(name) != null;
    }

    Facts object(String name) {
        return of(held.get(name), where + "." + name);
    }

    List<Facts> objects(String name, int least, int most) {
        List<Facts> found = new ArrayList<>();
        for (Object one : list(name, least, most)) {
            found.add(of(one, where + "." + name + "[" + found.size() + "]"));
        }
        return found;
    }

    /** Text of 1 to `most` characters, on one line. */
    String text(String name, int most) {
        Object value = held.get(name);
        return text(value, name, most);
    }

    /** As text, but it may be empty. */
    String textOrEmpty(String name, int most) {
        return "".equals(held.get(name)) ? "" : text(name, most);
    }

    String oneOf(String name, String... words) {
        String value = text(name, 200);
        if (!Arrays.asList(words).contains(value)) {
            throw wrong(name, Json.shown(value), "one of " + String.join(", ", words));
        }
        return value;
    }

    /** A plain file name: no folder, no leading dot. */
    String file(String name) {
        String value = text(name, 128);
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
            boolean first = letter || c >= '0' && c <= '9' || c == '_';
            if (!first && (i == 0 || "._+-".indexOf(c) < 0)) {
                throw wrong(name, Json.shown(value), "a plain file name");
            }
        }
        return value;
    }

    boolean flag(String name) {
        Object value = held.get(name);
        if (!(value instanceof Boolean)) {
            throw wrong(name, Json.shown(value), "true or false");
        }
        return (Boolean) value;
    }

    long whole(String name, long least, long most) {
        return whole(held.get(name), name, least, most);
    }

    double number(String name, double least, double most) {
        return number(held.get(name), name, least, most);
    }

    String[] texts(String name, int least, int most) {
        List<String> found = new ArrayList<>();
        for (Object one : list(name, least, most)) {
            found.add(text(one, name, 200));
        }
        return found.toArray(new String[0]);
    }

    double[] numbers(String name, int least, int most, double low, double high) {
        List<?> values = list(name, least, most);
        double[] found = new double[values.size()];
        for (int i = 0; i < found.length; i++) {
            found[i] = number(values.get(i), name + "[" + i + "]", low, high);
        }
        return found;
    }

    int[] wholes(String name, int least, int most, int low, int high) {
        List<?> values = list(name, least, most);
        int[] found = new int[values.size()];
        for (int i = 0; i < found.length; i++) {
            found[i] = (int) whole(values.get(i), name + "[" + i + "]", low, high);
        }
        return found;
    }

    /** Rows of numbers, all of one length. */
    double[][] matrix(String name, int rows, int columns) {
        List<?> values = list(name, rows, rows);
        double[][] found = new double[rows][];
        for (int i = 0; i < rows; i++) {
            Facts row = of(Collections.singletonMap("row", values.get(i)), where + "." + name + "[" + i + "]");
            found[i] = row.numbers("row", columns, columns, -1e300, 1e300);
        }
        return found;
    }

    /** How long a list is. */
    int length(String name) {
        return list(name, 0, Integer.MAX_VALUE).size();
    }

    BundleException wrong(String name, String found, String expected) {
        return new BundleException(
                where + ": " + name + " is " + found + "; expected " + expected + ".");
    }

    private List<?> list(String name, int least, int most) {
        Object value = held.get(name);
        if (!(value instanceof List)) {
            throw wrong(name, Json.shown(value), "a list");
        }
        int length = ((List<?>) value).size();
        if (length < least || length > most) {
            throw wrong(name, "a list of " + length, range(least, most));
        }
        return (List<?>) value;
    }

    private String text(Object value, String name, int most) {
        boolean is = value instanceof String && !((String) value).isEmpty();
        if (!is || ((String) value).length() > most || hasBreak((String) value)) {
            throw wrong(name, Json.shown(value), "text of 1 to " + most + " characters");
        }
        return (String) value;
    }

    private static boolean hasBreak(String value) {
        return value.indexOf('\n') >= 0 || value.indexOf('\t') >= 0;
    }

    private long whole(Object value, String name, long least, long most) {
        if (!(value instanceof Long) || (Long) value < least || (Long) value > most) {
            throw wrong(name, Json.shown(value), "a whole number, " + range(least, most));
        }
        return (Long) value;
    }

    private double number(Object value, String name, double least, double most) {
        boolean is = value instanceof Long || value instanceof Double;
        double number = is ? ((Number) value).doubleValue() : 0;
        if (!is || number < least || number > most) {
            throw wrong(name, Json.shown(value), "a number, " + range(least, most));
        }
        return number;
    }

    private static String range(Object least, Object most) {
        return least.equals(most) ? String.valueOf(least) : least + ".." + most;
    }
}
