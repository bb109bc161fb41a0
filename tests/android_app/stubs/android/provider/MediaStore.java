package android.provider;

/** STUB for compiling alone. */
public final class MediaStore {
    public static final String ACTION_IMAGE_CAPTURE = "android.media.action.IMAGE_CAPTURE";

    private MediaStore() {}
}
