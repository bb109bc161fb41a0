package android.media;

import java.io.IOException;
import java.io.InputStream;

/** STUB for compiling alone: it reads nothing. */
public class ExifInterface {
    public static final String TAG_ORIENTATION = "Orientation";

    public ExifInterface(InputStream inputStream) throws IOException {
        throw new UnsupportedOperationException("a stub reads nothing");
    }

    public int getAttributeInt(String tag, int defaultValue) {
        return defaultValue;
    }
}
