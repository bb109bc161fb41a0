package android.content;

import android.content.res.AssetManager;
import java.io.File;

/** STUB for compiling alone. */
public abstract class Context {
    public Context() {}

    public AssetManager getAssets() {
        return null;
    }

    public ContentResolver getContentResolver() {
        return null;
    }

    public File getExternalFilesDir(String type) {
        return null;
    }
}
