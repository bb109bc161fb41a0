package reswise.classifier;

import java.nio.ByteBuffer;

/** Where a bundle's files lie: a folder, or the app's assets. */
interface BundleFiles {
    /** How it is named in errors. */
    String where();

    /**
     * The content of a small file.
     *
     * @throws BundleException not there, no plain file, or larger than `most`.
     */
    byte[] read(String name, int most);

    /**
     * A file mapped into memory, not copied.
     *
     * @throws BundleException not there, no plain file, or of another size.
     */
    ByteBuffer map(String name, long size);
}
