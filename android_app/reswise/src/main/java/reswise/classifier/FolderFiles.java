package reswise.classifier;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * A bundle in a folder: nothing but a plain file of it is ever read. The folder should be the
 * app's own, as what others may write can change after it was checked.
 */
final class FolderFiles implements BundleFiles {
    private final Path folder;

    FolderFiles(File folder) {
        this.folder = folder.toPath();
    }

    @Override
    public String where() {
        return folder.toString();
    }

    @Override
    public byte[] read(String name, int most) {
        Path path = folder.resolve(name);
        long size = size(path);
        if (size > most) {
            throw new BundleException(path + ": " + size + " bytes; expected at most " + most + ".");
        }
        try {
            return Files.readAllBytes(path);
        } catch (IOException error) {
            throw unreadable(path, error);
        }
    }

    @Override
    public ByteBuffer map(String name, long size) {
        Path path = folder.resolve(name);
        long held = size(path);
        if (held != size) {
            throw new BundleException(
                    path + ": " + held + " bytes; the manifest declares " + size
                            + ". Copy the bundle again.");
        }
        try (FileChannel file =
                FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            return file.map(FileChannel.MapMode.READ_ONLY, 0, size);
        } catch (IOException error) {
            throw unreadable(path, error);
        }
    }

    /** Looked at before a byte is read: a pipe would wait, a link may lead anywhere. */
    private static long size(Path path) {
        BasicFileAttributes held;
        try {
            held = Files.readAttributes(
                    path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException error) {
            throw unreadable(path, error);
        }
        if (!held.isRegularFile()) {
            throw new BundleException(path + ": a link or no plain file; expected one.");
        }
        return held.size();
    }

    private static BundleException unreadable(Path path, IOException error) {
        String why = error.getClass().getSimpleName();
        return new BundleException(path + ": cannot be read (" + why + ").");
    }
}
