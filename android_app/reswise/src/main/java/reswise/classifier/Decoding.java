package reswise.classifier;

import android.graphics.Bitmap;
import android.graphics.BitmapFactory;
import android.media.ExifInterface;
import java.io.ByteArrayInputStream;
import java.io.IOException;

/** Encoded bytes -> a picture, by Android's own decoder, turned as its EXIF data says. */
public final class Decoding {
    private Decoding() {}

    /** At full size, as every figure of reswise was measured. */
    public static Picture whole(byte[] encoded) throws IOException {
        return reduced(encoded, Integer.MAX_VALUE);
    }

    /**
     * At 1/2, 1/4 or 1/8 of its sides, as long as the short side keeps so many pixels. Faster,
     * and other pixels: some answers change.
     *
     * @param leastSide the largest resolution of the ladder over its crop, such as 224 / 0.875.
     */
    public static Picture reduced(byte[] encoded, int leastSide) throws IOException {
        BitmapFactory.Options options = new BitmapFactory.Options();
        options.inJustDecodeBounds = true;
        BitmapFactory.decodeByteArray(encoded, 0, encoded.length, options);
        options.inJustDecodeBounds = false;
        options.inSampleSize = sample(Math.min(options.outWidth, options.outHeight), leastSide);
        options.inPreferredConfig = Bitmap.Config.ARGB_8888;
        Bitmap bitmap = BitmapFactory.decodeByteArray(encoded, 0, encoded.length, options);
        if (bitmap == null) {
            throw new IOException("not a picture that Android can decode");
        }
        ExifInterface exif = new ExifInterface(new ByteArrayInputStream(encoded));
        return Picture.of(bitmap).oriented(exif.getAttributeInt(ExifInterface.TAG_ORIENTATION, 0));
    }

    /** The largest of 1, 2, 4 and 8 that leaves the short side long enough. */
    static int sample(int shortSide, int leastSide) {
        int found = 1;
        while (found < 8 && shortSide / (2 * found) >= leastSide) {
            found *= 2;
        }
        return found;
    }
}
