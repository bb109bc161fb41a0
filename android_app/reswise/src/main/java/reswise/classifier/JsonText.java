package reswise.classifier;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Values -> JSON on one line, in ASCII. */
final class JsonText {
    private final StringBuilder text = new StringBuilder();

    private JsonText() {}

    /** Maps, lists, text and finite numbers; a float is written so that it reads back the same. */
    static String of(Object value) {
        JsonText made = new JsonText();
        made.add(value);
        return made.text.toString();
    }

    private void add(Object value) {
        if (value instanceof Map) {
            char mark = '{';
            for (Map.Entry<?, ?> one : ((Map<?, ?>) value).entrySet()) {
                text.append(mark);
                quoted(String.valueOf(one.getKey()));
                text.append(':');
                add(one.getValue());
                mark = ',';
            }
            text.append(mark == '{' ? "{}" : "}");
        } else if (value instanceof List) {
            char mark = '[';
            for (Object one : (List<?>) value) {
                text.append(mark);
                add(one);
                mark = ',';
            }
            text.append(mark == '[' ? "[]" : "]");
        } else if (value instanceof Number) {
            text.append(value);
        } else {
            quoted(String.valueOf(value));
        }
    }

    private void quoted(String value) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c >= ' ' && c < 0x7f) {
                text.append(c);
            } else {
                text.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            }
        }
        text.append('"');
    }
}
