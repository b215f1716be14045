worked = True
