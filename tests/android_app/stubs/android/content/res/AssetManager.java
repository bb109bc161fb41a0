package android.content.res;

import java.io.File;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;

/** STUB for compiling and tests: assets are the files below a folder, never compressed. */
public final class AssetManager {
    private final File folder;

    /** Not Android's: tests name the folder here. */
    public AssetManager(File folder) {
        this.folder = folder;
    }

    public InputStream open(String fileName) throws IOException {
        return new FileInputStream(new File(folder, fileName));
    }

    public AssetFileDescriptor openFd(String fileName) throws IOException {
        if (fileName.endsWith(".compressed")) {
            throw new FileNotFoundException("it is probably compressed");
        }
        return new AssetFileDescriptor(new File(folder, fileName));
    }
}
