package reswise.classifier;

import java.nio.Buffer;
import java.nio.ByteBuffer;

/** Pixels as bytes: R, G, B, A, row after row without gaps. */
final class RgbaRows implements Rows {
    private final ByteBuffer bytes;
    private final int width;
    private final int height;
    private byte[] row = new byte[0];

    /** @throws IllegalArgumentException fewer or more bytes than the sides say. */
    RgbaRows(ByteBuffer bytes, int width, int height) {
        long expected = 4L * width * height;
        if (width < 1 || height < 1 || bytes.remaining() != expected) {
            throw new IllegalArgumentException(
                    bytes.remaining() + " bytes of RGBA for " + width + " x " + height
                            + " pixels; expected " + expected + ".");
        }
        this.bytes = bytes.slice();
        this.width = width;
        this.height = height;
    }

    @Override
    public int width() {
        return width;
    }

    @Override
    public int height() {
        return height;
    }

    /** Buffer's own position: Android 8 has no other. */
    private static void moved(Buffer buffer, int position) {
        buffer.position(position);
    }

    @Override
    public void read(int number, int from, int count, float[] rgb) {
        if (row.length < 4 * count) {
            row = new byte[4 * count];
        }
        ByteBuffer here = bytes.duplicate();
        moved(here, 4 * (number * width + from));
        here.get(row, 0, 4 * count);
        for (int i = 0, at = 0; at < 3 * count; i += 4, at += 3) {
            rgb[at] = row[i] & 0xff;
            rgb[at + 1] = row[i + 1] & 0xff;
            rgb[at + 2] = row[i + 2] & 0xff;
        }
    }
}
