package android.content;

/** STUB for compiling alone. */
public class ActivityNotFoundException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public ActivityNotFoundException(String name) {
        super(name);
    }
}
