package reswise.classifier;

import android.content.res.AssetFileDescriptor;
import android.content.res.AssetManager;
import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** A bundle in the app's assets; models lie there uncompressed, so that they can be mapped. */
final class AssetFiles implements BundleFiles {
    private static final int CHUNK = 1 << 16;

    private final AssetManager assets;
    private final String folder;

    AssetFiles(AssetManager assets, String folder) {
        this.assets = assets;
        this.folder = folder.isEmpty() || folder.endsWith("/") ? folder : folder + "/";
    }

    @Override
    public String where() {
        return "assets/" + folder;
    }

    @Override
    public byte[] read(String name, int most) {
        try (InputStream file = assets.open(folder + name)) {
            ByteArrayOutputStream held = new ByteArrayOutputStream();
            byte[] chunk = new byte[CHUNK];
            for (int got; (got = file.read(chunk)) >= 0; held.write(chunk, 0, got)) {
                if (held.size() + got > most) {
                    throw new BundleException(
                            where() + name + ": over " + most + " bytes; expected less.");
                }
            }
            return held.toByteArray();
        } catch (IOException error) {
            throw new BundleException(where() + name + ": is not among the app's assets.");
        }
    }

    @Override
    public ByteBuffer map(String name, long size) {
        try (AssetFileDescriptor file = assets.openFd(folder + name);
                FileInputStream stream = new FileInputStream(file.getFileDescriptor())) {
            if (file.getDeclaredLength() != size) {
                throw new BundleException(
                        where() + name + ": " + file.getDeclaredLength()
                                + " bytes; the manifest declares " + size + ".");
            }
            return stream.getChannel()
                    .map(FileChannel.MapMode.READ_ONLY, file.getStartOffset(), size);
        } catch (IOException error) {
            throw new BundleException(
                    where() + name + ": is not there, or compressed in the APK; put "
                            + "androidResources { noCompress += \"tflite\" } into build.gradle.");
        }
    }
}
