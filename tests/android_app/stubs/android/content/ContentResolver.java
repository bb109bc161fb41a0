package android.content;

import android.net.Uri;
import java.io.FileNotFoundException;
import java.io.InputStream;

/** STUB for compiling alone. */
public abstract class ContentResolver {
    ContentResolver() {}

    public final InputStream openInputStream(Uri uri) throws FileNotFoundException {
        throw new FileNotFoundException("a stub opens nothing");
    }
}
