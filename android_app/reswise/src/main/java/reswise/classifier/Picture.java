package reswise.classifier;

import android.graphics.Bitmap;
import java.nio.ByteBuffer;

/**
 * A decoded picture and how it is to be turned. It holds the caller's pixels, no copy: leave them
 * as they are until the classification is done, in one at a time.
 */
public final class Picture {
    final Rows rows;
    final int orientation; // as EXIF counts, 1..8; 1 is upright
    final String id; // null: none was given

    private Picture(Rows rows, int orientation, String id) {
        this.rows = rows;
        this.orientation = orientation;
        this.id = id;
    }

    /** A bitmap of any configuration. */
    public static Picture of(Bitmap bitmap) {
        return new Picture(new BitmapRows(bitmap), 1, null);
    }

    /** Bytes R, G, B, A, row after row; alpha is not read. */
    public static Picture rgba(byte[] bytes, int width, int height) {
        return rgba(ByteBuffer.wrap(bytes), width, height);
    }

    /** As bytes, from the buffer's position; camera frames come so. */
    public static Picture rgba(ByteBuffer bytes, int width, int height) {
        return new Picture(new RgbaRows(bytes, width, height), 1, null);
    }

    /**
     * Turned clockwise until it is upright, as CameraX's {@code rotationDegrees} says.
     *
     * @throws IllegalArgumentException neither 0, 90, 180 nor 270.
     */
    public Picture rotated(int degrees) {
        switch (degrees) {
            case 0:
                return oriented(1);
            case 90:
                return oriented(6);
            case 180:
                return oriented(3);
            case 270:
                return oriented(8);
            default:
                throw new IllegalArgumentException(
                        "rotation " + degrees + "; expected 0, 90, 180 or 270 degrees.");
        }
    }

    /**
     * As the EXIF tag Orientation says; 0, which is "unknown" there, leaves it upright.
     *
     * @throws IllegalArgumentException another number than 0..8.
     */
    public Picture oriented(int exif) {
        if (exif < 0 || exif > 8) {
            throw new IllegalArgumentException("orientation " + exif + "; expected 0..8.");
        }
        return new Picture(rows, Math.max(exif, 1), id);
    }

    /** With a name, by which the random selector draws and a bench tells pictures apart. */
    public Picture named(String name) {
        return new Picture(rows, orientation, name);
    }
}
